import { create } from 'zustand';
import type { HostId } from '../../shared/model/host.ts';
import type { ProcessRow } from '../../shared/model/process.ts';

/** The newest process list of the one host that this window watches. */
export const useProcesses = create<{ host: HostId | undefined; at: number; rows: readonly ProcessRow[] }>(
  () => ({
    host: undefined,
    at: 0,
    rows: [],
  }),
);

export function putProcesses(list: { host: HostId; at: number; rows: ProcessRow[] }): void {
  useProcesses.setState(list);
}
