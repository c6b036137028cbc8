import type { Disposable } from '../../shared/base/disposable.ts';
import { createRpcClient, type RpcClient } from '../../shared/contract/rpc.ts';
import type { FrameChannel } from '../../shared/contract/wire.ts';
import { withChartsWhileTyping } from '../series/chartFrame.ts';
import { takeSamples } from '../series/samples.ts';
import { applySnapshot } from '../stores/applySnapshot.ts';
import { setClient, useCoreLink } from '../stores/connection.ts';
import { changeHosts, patchHost } from '../stores/hosts.ts';
import { useIncident } from '../stores/incident.ts';
import { closePaneLocally, putPane } from '../stores/panes.ts';
import { putProcesses } from '../stores/processes.ts';
import { putProgress } from '../stores/profiles.ts';
import { addPrompt, removePrompt } from '../stores/prompts.ts';
import { putRemediation } from '../stores/remediations.ts';
import { putEvents } from '../stores/timeline.ts';
import { openElectronChannel } from './electronChannel.ts';
import { openWebSocketChannel } from './webSocketChannel.ts';

/** Waits before each new try; the last one repeats. Short, since the core is on this machine. */
const RETRY_MS = [250, 500, 1000, 2000, 3000];

function openChannel(): Promise<FrameChannel> {
  return window.fireline ? openElectronChannel(window.fireline) : openWebSocketChannel();
}

/**
 * Keeps this window connected to the core for as long as it lives: connects, takes the snapshot, listens, and
 * starts over when the channel closes. `onConnected` is told of every new client, once its snapshot is applied.
 */
export function keepConnected(
  onConnected: (client: RpcClient) => void,
  open: () => Promise<FrameChannel> = openChannel,
): Disposable {
  let disposed = false;
  let client: RpcClient | undefined;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function connect(): Promise<void> {
    try {
      const channel = await open();
      if (disposed) return channel.close();
      client = createRpcClient(channel);
      client.onClose(lost);
      setClient(client);
      // Listening comes first: an event between the snapshot and its arrival would be lost otherwise.
      listen(client);
      const snapshot = await client.call('app.snapshot', {});
      applySnapshot(snapshot);
      failures = 0;
      useCoreLink.setState({ link: { kind: 'connected' } });
      onConnected(client);
      for (const record of await client.call('remediation.list', {})) putRemediation(record);
    } catch {
      // A call that failed on a channel that stands would otherwise wait for ever.
      if (useCoreLink.getState().link.kind === 'connected') return;
      if (client) client.dispose();
      else lost();
    }
  }

  function lost(): void {
    client = undefined;
    setClient(undefined);
    if (disposed) return;
    const { link } = useCoreLink.getState();
    if (link.kind !== 'lost') useCoreLink.setState({ link: { kind: 'lost', since: Date.now() } });
    const wait = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)];
    timer = setTimeout(() => void connect(), wait);
  }

  void connect();
  return {
    dispose() {
      disposed = true;
      clearTimeout(timer);
      client?.dispose();
    },
  };
}

function listen(client: RpcClient): void {
  client.on('workspace.opened', applySnapshot);
  client.on('hosts', changeHosts);
  client.on('host.link', ({ host, link }) => patchHost(host, { link }));
  client.on('host.extras', ({ host, extras }) => patchHost(host, { extras }));
  client.on('host.sampler', ({ host, sampler, facts }) =>
    patchHost(host, facts ? { sampler, facts } : { sampler }),
  );
  client.on('samples', takeSamples);
  client.on('processes', putProcesses);
  client.on('timeline', gatherEvents());
  client.on('pane', putPane);
  client.on('pane.closed', ({ pane }) => closePaneLocally(pane));
  client.on('prompt.asked', addPrompt);
  client.on('prompt.settled', ({ prompt }) => removePrompt(prompt));
  client.on('remediation', putRemediation);
  client.on('profile', putProgress);
  client.on('incident', (incident) =>
    useIncident.setState({ incident: incident.endedAt === undefined ? incident : null }),
  );
}

/**
 * Events of one turn are sorted in once: a storm of a hundred hosts is one change of the store. While a person types it is drawn
 * with the charts.
 */
function gatherEvents(): (event: Parameters<typeof putEvents>[0][number]) => void {
  let gathered: Parameters<typeof putEvents>[0][number][] = [];
  let turnEnds = false;
  const apply = () => {
    const events = gathered;
    gathered = [];
    if (events.length > 0) putEvents(events);
  };
  return (event) => {
    gathered.push(event);
    if (turnEnds) return;
    turnEnds = true;
    queueMicrotask(() => {
      turnEnds = false;
      withChartsWhileTyping(apply);
    });
  };
}
