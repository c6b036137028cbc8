import type { HostId } from '../../../shared/model/host.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { useUi } from '../../stores/ui.ts';

export function reconnectHost(host: HostId): void {
  call('host.reconnect', { host }).catch((thrown) =>
    tell(`${host} is not tried again: ${errorOf(thrown).message}`),
  );
}

export function reconnectHosts(hosts: readonly HostId[]): void {
  for (const host of hosts) reconnectHost(host);
}

/** Gives up a connection that is being made, or ends one that stands. */
export function disconnectHost(host: HostId): void {
  call('host.disconnect', { host }).catch((thrown) =>
    tell(`${host} is not disconnected: ${errorOf(thrown).message}`),
  );
}

function tell(text: string): void {
  useUi.setState({ notice: { text, tone: 'warning' } });
}
