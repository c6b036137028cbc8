import { createHostSession, type HostSession } from '../../electron/core/sessions/hostSession.ts';
import { createPromptQueue, type PromptQueue } from '../../electron/core/sessions/promptQueue.ts';
import { createTransport } from '../../electron/core/transports/transports.ts';
import { systemClock } from '../../shared/base/clock.ts';
import type { HostId, LinkState } from '../../shared/model/host.ts';
import type { LabHost } from './labHost.ts';

export interface OpenedSession {
  session: HostSession;
  prompts: PromptQueue;
  /** Every state of the link so far, oldest first. */
  links: LinkState[];
  /** Resolves with the first state from now on (the present one counts) that is of one of these kinds. */
  reaches(...kinds: LinkState['kind'][]): Promise<LinkState>;
  close(): void;
}

export interface SessionOptions {
  knownHostsFile?: string;
  identityFile?: string;
  user?: string;
  interactive?: boolean;
}

/** The core's own session to a lab host, started; over real TCP to a real sshd. */
export function openSession(host: LabHost, options: SessionOptions = {}): OpenedSession {
  const prompts = createPromptQueue({ clock: systemClock, interactive: options.interactive ?? false });
  const id = host.id as HostId;
  const transport = createTransport(
    {
      id,
      tags: [],
      transport: {
        kind: 'ssh',
        host: host.address,
        port: host.port,
        user: options.user ?? host.user,
        identityFile: options.identityFile ?? host.keyFile,
        knownHostsFile: options.knownHostsFile ?? host.knownHostsFile,
      },
    },
    // A home that is not there: nothing of the user's own ssh may take part, and no agent.
    {
      prompter: prompts,
      clock: systemClock,
      homeDirectory: `${host.keyFile}.nobody`,
      environment: {},
      sshConfigFiles: { user: '/dev/null', system: '/dev/null' },
    },
  );
  const session = createHostSession({ host: id, transport, clock: systemClock });
  const links: LinkState[] = [];
  session.onLink((link) => links.push(link));
  session.start();
  return {
    session,
    prompts,
    links,
    reaches(...kinds) {
      if (kinds.includes(session.link.kind)) return Promise.resolve(session.link);
      return new Promise((resolve) => {
        const listening = session.onLink((link) => {
          if (!kinds.includes(link.kind)) return;
          listening.dispose();
          resolve(link);
        });
      });
    },
    close() {
      session.dispose();
      prompts.dispose();
    },
  };
}
