import { fail, ok } from '../../../../shared/base/result.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { SsmSpec } from '../../../../shared/model/workspace.ts';
import { createSshTransport, type SshContext } from '../ssh/sshTransport.ts';
import type { Transport } from '../transport.ts';
import { channelDuplex } from './channelDuplex.ts';
import { type SsmTransportContext, ssmAddress } from './ssmTransport.ts';
import { startSession } from './startSession.ts';

const SSH_PORT = 22;

/**
 * ssh carried by one session to sshd's port: many channels on one session, and a key of our own. The host key is
 * checked under the instance's id, which stays when its address does not.
 */
export function createSshOverSsm(
  host: HostId,
  spec: SsmSpec & { ssh: NonNullable<SsmSpec['ssh']> },
  context: SsmTransportContext & { ssh: SshContext },
): Transport {
  const { user, port = SSH_PORT, identityFile, knownHostsFile } = spec.ssh;
  const inner = createSshTransport(
    host,
    {
      kind: 'ssh',
      host: spec.target,
      port,
      hostKeyAlias: spec.target,
      ...(user === undefined ? {} : { user }),
      ...(identityFile === undefined ? {} : { identityFile }),
      ...(knownHostsFile === undefined ? {} : { knownHostsFile }),
    },
    {
      ...context.ssh,
      async openSocket(signal) {
        const started = await startSession(spec, { kind: 'ssh', port }, context);
        if (!started.ok) return started;
        const socket = channelDuplex(started.value);
        if (!signal.aborted) return ok(socket);
        socket.destroy();
        return fail({ kind: 'retry', reason: 'cancelled', advice: '' });
      },
    },
  );
  return {
    kind: 'ssm',
    address: `ssh to ${ssmAddress(spec)}`,
    ...(inner.extras ? { extras: inner.extras } : {}),
    async connect(signal, onPhase) {
      const connected = await inner.connect(signal, onPhase);
      return connected.ok ? ok({ ...connected.value, resumes: true }) : connected;
    },
  };
}
