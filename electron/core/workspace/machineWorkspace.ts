import type { HostId } from '../../../shared/model/host.ts';
import type { Workspace } from '../../../shared/model/workspace.ts';

/** "This machine": what is open before anything else is. */
export function machineWorkspace(): Workspace {
  return {
    version: 1,
    name: 'This machine',
    hosts: [{ id: 'this-machine' as HostId, tags: [], transport: { kind: 'local' } }],
    logs: [],
    thresholds: [],
    runbooks: [],
  };
}
