/** The text that a new workspace starts from. It teaches the format by being it. */
export const NEW_WORKSPACE = `version: 1
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
