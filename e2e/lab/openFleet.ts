import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHostSession, type HostSession } from '../../electron/core/sessions/hostSession.ts';
import { createPromptQueue } from '../../electron/core/sessions/promptQueue.ts';
import { createReturnWatch } from '../../electron/core/sessions/returnWatch.ts';
import { createTransport } from '../../electron/core/transports/transports.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { DisposableStore } from '../../shared/base/disposable.ts';
import type { HostId, LinkState } from '../../shared/model/host.ts';
import type { Lab } from './lab.ts';
import type { LabHost } from './labHost.ts';

export interface Fleet {
  sessions: HostSession[];
  /** Resolves when every link is, or has been since the call, in one of these states. */
  allReach(fits: (link: LinkState) => boolean): Promise<void>;
  close(): void;
}

/**
 * The core's own sessions to every host of a lab, as a workspace opens them, through an ssh_config. `settings` are
 * lines for all of them, such as `ServerAliveInterval 3`; `by` is where a host is reached, when it is not its own address.
 */
export function openFleet(
  lab: Lab,
  settings: readonly string[] = [],
  by: (host: LabHost) => { address: string; port: number } = (host) => host,
): Fleet {
  const owned = new DisposableStore();
  const config = join(lab.directory, `fleet-${Math.random()}`);
  const entries = lab.hosts.map(
    (host) =>
      `Host ${host.id}\n HostName ${by(host).address}\n Port ${by(host).port}\n HostKeyAlias [${host.address}]:${host.port}\n User ${host.user}\n IdentityFile ${host.keyFile}\n UserKnownHostsFile ${host.knownHostsFile}\n`,
  );
  writeFileSync(config, `${entries.join('')}Host *\n${settings.map((line) => ` ${line}\n`).join('')}`);
  const prompter = owned.add(createPromptQueue({ clock: systemClock, interactive: false }));
  const returns = owned.add(createReturnWatch({ clock: systemClock }));
  const sessions = lab.hosts.map((host) => {
    const id = host.id as HostId;
    const transport = createTransport(
      { id, tags: [], transport: { kind: 'ssh', alias: host.id } },
      {
        prompter,
        clock: systemClock,
        homeDirectory: `${lab.directory}/nobody`,
        environment: {},
        sshConfigFiles: { user: config, system: '/dev/null' },
      },
    );
    const session = owned.add(createHostSession({ host: id, transport, clock: systemClock }));
    owned.add(returns.add(session));
    session.start();
    return session;
  });
  return {
    sessions,
    async allReach(fits) {
      await Promise.all(
        sessions.map(
          (session) =>
            new Promise<void>((resolve) => {
              const look = (link: LinkState) => {
                if (!fits(link)) return;
                listening.dispose();
                resolve();
              };
              const listening = session.onLink(look);
              look(session.link);
            }),
        ),
      );
    },
    close: () => owned.dispose(),
  };
}
