import type { HostId } from '../../../shared/model/host.ts';

/** One host's vitals in a pane's header: CPU, memory and load as number and sparkline. At most 22 px high. */
export function PaneVitals(_props: { host: HostId }) {
  return null;
}
