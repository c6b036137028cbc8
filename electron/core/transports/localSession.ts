import { systemClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { ownAccount } from '../homes/ownAccount.ts';
import { createHostSession } from '../sessions/hostSession.ts';
import { createPromptQueue } from '../sessions/promptQueue.ts';
import { createTransport } from './transports.ts';

/** For tests: a session to this machine, over no wire, not started yet. */
export function createLocalSession(host: HostId, environment: NodeJS.ProcessEnv = process.env) {
  const transport = createTransport(
    { id: host, tags: [], transport: { kind: 'local' } },
    {
      prompter: createPromptQueue({ clock: systemClock, interactive: false }),
      clock: systemClock,
      homeDirectory: ownAccount().home,
      environment,
    },
  );
  return createHostSession({ host, transport, clock: systemClock });
}
