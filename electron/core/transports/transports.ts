import type { Clock } from '../../../shared/base/clock.ts';
import type { WorkspaceHost } from '../../../shared/model/workspace.ts';
import type { Prompter } from '../sessions/prompter.ts';
import { createCommandTransport } from './commandTransport.ts';
import { createLocalTransport } from './localTransport.ts';
import { type BastionPool, createBastionPool } from './ssh/bastionPool.ts';
import { createKeyRing, type KeyRing } from './ssh/keyRing.ts';
import { createSshTransport, type SshContext } from './ssh/sshTransport.ts';
import { sharedAwsAccess } from './ssm/awsAccess.ts';
import { createSshOverSsm } from './ssm/sshOverSsm.ts';
import { createSsmTransport } from './ssm/ssmTransport.ts';
import type { Transport } from './transport.ts';

export interface TransportContext {
  prompter: Prompter;
  clock: Clock;
  /** Whose `~/.ssh` is read. */
  homeDirectory: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** In place of `~/.ssh/config` and `/etc/ssh/ssh_config`. */
  sshConfigFiles?: { user: string; system: string };
  diagnostic?: (line: string) => void;
}

/** The table of transports: a new one is one file and one case. */
export function createTransport(host: WorkspaceHost, context: TransportContext): Transport {
  const spec = host.transport;
  switch (spec.kind) {
    case 'ssh':
      return createSshTransport(host.id, spec, sshContext(context));
    case 'local':
      return createLocalTransport(context);
    case 'command':
      return createCommandTransport(spec, context);
    case 'ssm':
    case 'ecs': {
      const ssm = {
        aws: sharedAwsAccess({
          place: spec,
          host: host.id,
          prompter: context.prompter,
          clock: context.clock,
        }),
        clock: context.clock,
        diagnostic: context.diagnostic ?? (() => {}),
      };
      return spec.kind === 'ssm' && spec.ssh
        ? createSshOverSsm(host.id, { ...spec, ssh: spec.ssh }, { ...ssm, ssh: sshContext(context) })
        : createSsmTransport(spec, ssm);
    }
  }
}

function sshContext(context: TransportContext): SshContext {
  return {
    ...sharedBy(context.prompter),
    prompter: context.prompter,
    clock: context.clock,
    environment: context.environment,
    sshConfig: {
      environment: context.environment,
      homeDirectory: context.homeDirectory,
      ...(context.sshConfigFiles
        ? { userFile: context.sshConfigFiles.user, systemFile: context.sshConfigFiles.system }
        : {}),
    },
  };
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
