import { closeDialog, useUi } from '../../stores/ui.ts';
import { Sheet } from '../shell/Sheet.tsx';
import { WorkspaceEditor } from './WorkspaceEditor.tsx';

/** Teaches the format by being it. */
const TEMPLATE = `version: 1
name: my servers
hosts:
  # an alias of your ssh_config: HostName, User, IdentityFile, ProxyJump … are taken from there
  - { id: web1, tags: [web], ssh: web1 }
  # or everything here
  - id: db1
    tags: [db]
    ssh: { host: 10.0.0.5, port: 22, user: deploy }
  # this machine
  - { id: here, local: {} }

# logs that are followed on hosts with these ids or tags
# logs:
#   - { path: "/var/log/nginx/*.log", on: [web] }
`;

export function CreateDialog() {
  const open = useUi((s) => s.dialog?.kind === 'createWorkspace');
  if (!open) return null;
  return (
    <Sheet
      wide
      title="Create a workspace"
      hint="One YAML file that can be reviewed in git. It holds no secrets."
      onLeave={closeDialog}
    >
      <WorkspaceEditor initial={TEMPLATE} onCancel={closeDialog} />
    </Sheet>
  );
}
