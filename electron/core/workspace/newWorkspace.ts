import { stringify } from 'yaml';

/** The text that "create" starts from: it opens as it is. */
export function newWorkspace(name: string): string {
  return `${stringify({ version: 1, name })}
hosts:
  # The machine that Fireline runs on.
  - { id: here, local: {} }
  # An alias of your ssh_config:
  # - { id: web1, tags: [web], ssh: web1 }
  # Or everything here (identityFile, knownHostsFile, jump and hostKeyAlias are understood too):
  # - { id: web2, tags: [web], ssh: { host: 10.0.0.2, port: 22, user: deploy } }
  # Any command that gives a shell; it waits for your approval the first time:
  # - id: pod
  #   command: { shell: [kubectl, exec, -it, web-0, --, sh], exec: [kubectl, exec, -i, web-0, --, sh, -c] }

# Log files to follow, on hosts with these ids or tags:
# logs:
#   - { path: "/var/log/nginx/*.log", on: [web] }

# Windows of panes, as in tmux; one pane a host, tiled, when left out:
# panes:
#   - { name: web, row: [web1, { pane: web2, size: 2, run: htop }] }   # run: typed into its shell, once you approve
`;
}
