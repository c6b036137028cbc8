import type { Clock } from '../../../shared/base/clock.ts';
import { fail } from '../../../shared/base/result.ts';
import type { WorkspaceHost } from '../../../shared/model/workspace.ts';
import type { Prompter } from '../sessions/prompter.ts';
import { createCommandTransport } from './commandTransport.ts';
import { createLocalTransport } from './localTransport.ts';
import { type BastionPool, createBastionPool } from './ssh/bastionPool.ts';
import { createKeyRing, type KeyRing } from './ssh/keyRing.ts';
import { createSshTransport } from './ssh/sshTransport.ts';
import type { Transport } from './transport.ts';

export interface TransportContext {
  prompter: Prompter;
  clock: Clock;
  /** Whose `~/.ssh` is read. */
  homeDirectory: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** In place of `~/.ssh/config` and `/etc/ssh/ssh_config`. */
  sshConfigFiles?: { user: string; system: string };
}

/** The table of transports: a new one is one file and one case. */
export function createTransport(host: WorkspaceHost, context: TransportContext): Transport {
  const spec = host.transport;
  switch (spec.kind) {
    case 'ssh':
      return createSshTransport(host.id, spec, {
        ...sharedBy(context.prompter),
        prompter: context.prompter,
        clock: context.clock,
        environment: context.environment,
        sshConfig: {
          homeDirectory: context.homeDirectory,
          ...(context.sshConfigFiles
            ? { userFile: context.sshConfigFiles.user, systemFile: context.sshConfigFiles.system }
            : {}),
        },
      });
    case 'local':
      return createLocalTransport(context);
    case 'command':
      return createCommandTransport(spec, context);
    case 'ssm':
    case 'ecs':
      return {
        kind: 'ssm',
        address: spec.kind === 'ssm' ? spec.target : `${spec.cluster}/${spec.task ?? spec.service ?? ''}`,
        connect: async () =>
          fail({
            kind: 'refused',
            reason: 'SSM sessions are not in this version',
            advice:
              'Reach the host by ssh, for now: through a jump host, or with an ssh_config entry that tunnels through SSM.',
          }),
      };
  }
}

/**
 * Unlocked keys and connections to jump hosts serve every host of a run. They live as long as the one who was
 * asked for the passphrases.
 */
const shared = new WeakMap<Prompter, { keyRing: KeyRing; bastions: BastionPool }>();

function sharedBy(prompter: Prompter): { keyRing: KeyRing; bastions: BastionPool } {
  const known = shared.get(prompter) ?? { keyRing: createKeyRing(), bastions: createBastionPool() };
  shared.set(prompter, known);
  return known;
}
