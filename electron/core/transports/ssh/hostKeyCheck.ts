import type { PromptAnswer } from '../../../../shared/model/prompt.ts';
import type { Question } from '../../sessions/prompter.ts';
import type { ConnectFailure } from '../transport.ts';
import {
  addKnownHost,
  filedName,
  fingerprint,
  type KeyVerdict,
  type KnownHostLine,
  keyTypeOf,
  orderHostKeyAlgorithms,
  readKnownHosts,
} from './knownHosts.ts';
import { isRevokedBy } from './revokedKeys.ts';
import type { SshTarget } from './sshTarget.ts';

export interface HostKeyCheck {
  /** To ask the server for, those of keys on file first. */
  readonly algorithms: string[];
  check(key: Buffer): Promise<boolean>;
  /** Why the key was not accepted, once it was not. */
  failure(): ConnectFailure | undefined;
}

/** Honours known_hosts for one hop: unknown keys ask, changed and revoked ones refuse. */
export function createHostKeyCheck(options: {
  target: SshTarget;
  ask(question: HostKeyQuestion): Promise<PromptAnswer>;
  interactive: boolean;
}): HostKeyCheck {
  const { target } = options;
  const name = {
    host: target.hostKeyAlias ?? target.hostname,
    port: target.hostKeyAlias === undefined ? target.port : 22,
  };
  const files = [...target.userKnownHostsFiles, ...target.globalKnownHostsFiles];
  const known = readKnownHosts(files);
  let accepted: Buffer | undefined;
  let failure: ConnectFailure | undefined;

  async function decide(key: Buffer): Promise<ConnectFailure | undefined> {
    // The server shows its key again at every change of session keys.
    if (accepted) {
      return accepted.equals(key)
        ? undefined
        : refuse(`${filedName(name)} changed its host key in the middle of the connection`, TAMPERED);
    }
    const offered = `${shortType(keyTypeOf(key))} key ${fingerprint(key)}`;
    const listed =
      target.revokedHostKeys === undefined ? undefined : isRevokedBy(target.revokedHostKeys, key);
    if (listed === true) {
      return refuse(
        `${filedName(name)} shows a host key that ${target.revokedHostKeys} revokes: ${offered}`,
        'A revoked key must not be used: its secret may be out. Ask whoever runs the host for its new key.',
      );
    }
    if (typeof listed === 'string') {
      return refuse(
        `the host key of ${filedName(name)} cannot be held against RevokedHostKeys: ${listed}`,
        'ssh refuses every host then, and so does Fireline. Give a list of public keys, one a line, or remove the setting.',
      );
    }
    const verdict = known.check(name, key);
    switch (verdict.kind) {
      case 'known':
        return undefined;
      case 'revoked':
        return refuse(
          `${filedName(name)} shows a host key that is revoked at ${place(verdict.line)}: ${offered}`,
          'A revoked key must not be used: its secret may be out. Ask whoever runs the host for its new key.',
        );
      case 'changed':
        return refuse(
          `the host key of ${filedName(name)} has changed: it shows ${offered}, and ${place(verdict.line)} has ${fingerprint(verdict.line.key)}`,
          TAMPERED,
        );
      case 'otherType':
      case 'unknown':
        break;
    }
    const file = target.userKnownHostsFiles[0];
    const doubt = doubtOf(verdict);
    const note = doubt ? `; ${doubt.reason}` : '';
    if (target.strictHostKeyChecking === 'yes') {
      return refuse(
        `the host key of ${filedName(name)} is not known${note}: ${offered}`,
        `StrictHostKeyChecking is on. Add the key to ${file ?? 'a known_hosts file'} after comparing its fingerprint.`,
      );
    }
    if (target.strictHostKeyChecking === 'ask') {
      if (!options.interactive) {
        return refuse(
          `the host key of ${filedName(name)} is not known${note}, and nobody can be asked to accept ${offered}`,
          `Connect once with ssh ${target.alias}, or add the key to ${file ?? 'a known_hosts file'}.`,
        );
      }
      const answer = await options.ask({
        kind: 'hostKey',
        address: filedName(name),
        keyType: keyTypeOf(key),
        fingerprint: fingerprint(key),
        knownHostsFile: file ?? '',
        ...(doubt ? { note: doubt.note } : {}),
      });
      if (answer?.[0] !== 'yes') {
        return refuse(
          `the host key of ${filedName(name)} was not accepted: ${offered}`,
          'Connect again to be asked again.',
        );
      }
    }
    if (file !== undefined && file !== '/dev/null') {
      const added = addKnownHost(file, name, key, target.hashKnownHosts);
      // Not kept is no reason to leave a burning host alone: it was accepted, and it will be asked again.
      if (!added.ok)
        target.warnings.push(`the host key of ${filedName(name)} was not kept in ${file}: ${added.error}`);
    }
    return undefined;
  }

  /** What a person should know before a key is taken for the host's, where there is more than that it is new. */
  function doubtOf(verdict: KeyVerdict): { reason: string; note: string } | undefined {
    if (verdict.kind === 'otherType') {
      const only = `${place(verdict.line)} knows it by its ${shortType(verdict.line.keyType)} key only, which it does not show any more`;
      return {
        reason: only,
        note: `${only}. A host that has dropped an old type of key looks like this, and so does someone between you and it: compare the fingerprint with ssh-keygen -lf on the host, or with whoever runs it.`,
      };
    }
    const [authority] = known.certificateAuthorities(name);
    if (!authority) return undefined;
    return {
      reason: `${place(authority)} trusts a certificate authority for it, and certificates of hosts cannot be checked here`,
      note: `${place(authority)} trusts a certificate authority for this host. Fireline cannot check certificates, so it sees a key that is not on file: compare the fingerprint with ssh-keygen -lf on the host, or with whoever runs it.`,
    };
  }

  return {
    // A list of the user's own stands as it is, as in ssh.
    algorithms:
      target.hostKeyAlgorithms ??
      orderHostKeyAlgorithms(target.standardHostKeyAlgorithms, known.keyTypes(name)),
    async check(key) {
      failure = await decide(key);
      if (failure) return false;
      accepted = Buffer.from(key);
      return true;
    },
    failure: () => failure,
  };
}

export type HostKeyQuestion = Question extends infer Q
  ? Q extends { kind: 'hostKey' }
    ? Omit<Q, 'host' | 'hop'>
    : never
  : never;

const TAMPERED =
  'Either the host was reinstalled, or someone is between you and it. Compare the fingerprint with whoever runs the host, then remove the old line.';

const refuse = (reason: string, advice: string): ConnectFailure => ({ kind: 'refused', reason, advice });
const place = (line: KnownHostLine) => `${line.file}:${line.line}`;

/** `ED25519`, as ssh prints it. */
function shortType(type: string): string {
  if (type === 'ssh-rsa') return 'RSA';
  if (type.startsWith('ecdsa-')) return 'ECDSA';
  return type.replace(/^ssh-/, '').toUpperCase();
}
