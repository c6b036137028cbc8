import { useEffect, useState } from 'react';
import type { ContractError } from '../../../shared/contract/errors.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { call, errorOf, useCoreLink } from '../../stores/connection.ts';
import { putProcesses, useProcesses } from '../../stores/processes.ts';

/** Asks the core for this host's process lists for as long as it is shown. */
export function useWatchedProcesses(host: HostId) {
  const connected = useCoreLink((s) => s.link.kind === 'connected');
  const [error, setError] = useState<ContractError | undefined>(undefined);
  const list = useProcesses();
  useEffect(() => {
    if (!connected) return;
    let shown = true;
    call('processes.watch', { host }).then(
      (first) => {
        if (!shown) return;
        setError(undefined);
        if (first) putProcesses({ host, ...first });
      },
      (thrown: unknown) => {
        if (shown) setError(errorOf(thrown));
      },
    );
    return () => {
      shown = false;
      // The channel may be gone, and with it the watch.
      call('processes.watch', { host: null }).catch(() => {});
    };
  }, [host, connected]);
  return { at: list.host === host ? list.at : undefined, rows: list.host === host ? list.rows : [], error };
}
