import type { LinkCause } from '../../../../shared/model/host.ts';
import type { ConnectFailure } from '../transport.ts';
import type { AuthenticationStory } from './sshAuthentication.ts';
import type { SshTarget } from './sshTarget.ts';

/** `web1:22`, `[2001:db8::1]:22`. */
export const describePlace = ({ hostname, port }: SshTarget): string =>
  hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`;

/** A failure of the wire, before a word of SSH: codes of connect(2) and getaddrinfo(3). */
export function describeSocketError(error: NodeJS.ErrnoException, target: SshTarget): ConnectFailure {
  const place = describePlace(target);
  switch (error.code) {
    case 'ECONNREFUSED':
      return retry(
        `nothing listens at ${place}: the connection was refused`,
        'Is sshd running, and is the port right?',
        'not_listening',
      );
    case 'ENOTFOUND':
      return retry(
        `${target.hostname} has no address`,
        'Check the name and the DNS of this machine; a VPN may be down.',
        'no_name',
      );
    case 'EAI_AGAIN':
      return retry(
        `the name ${target.hostname} cannot be looked up now`,
        'DNS does not answer. Is this machine on the network?',
        'no_name',
      );
    case 'ETIMEDOUT':
      return retry(
        `${place} does not answer`,
        'The host may be down, or a firewall drops the packets.',
        'no_answer',
      );
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
      return retry(
        `${target.hostname} cannot be reached: the network on the way says that it is not there`,
        'Is the host up? Other hosts of its network tell whether it is the host or the network.',
        'host_unreachable',
      );
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return retry(
        `this machine has no route to ${target.hostname}`,
        'Check the network and the VPN of this machine.',
        'no_route',
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return retry(`${place} dropped the connection`, 'sshd may be overloaded (MaxStartups) or restarting.');
    default:
      return retry(
        `${place}: ${error.message || error.code || 'the connection failed'}`,
        'Fireline tries again.',
      );
  }
}

/** A failure of the protocol or of the login. Text from the server is cut short and stripped of controls. */
export function describeSshError(
  error: Error,
  place: string,
  target: SshTarget,
  phase: 'handshake' | 'authentication',
  story: AuthenticationStory,
  firstWords = '',
): ConnectFailure {
  const message = plain(error.message);
  const { level, code } = error as { level?: string; code?: unknown };
  if (/no matching/i.test(message)) {
    return refused(
      `${place} and Fireline have no algorithm in common: ${message}`,
      `If the server is old, allow what it speaks for this host in ssh_config: KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs with a + before the name (ssh -vv ${target.alias} shows its lists).`,
    );
  }
  if (/too many authentication failures/i.test(message)) {
    return refused(
      `${place} broke off after too many keys`,
      `Set IdentitiesOnly yes and IdentityFile for ${target.alias} in ssh_config, so that only the right key is offered.`,
    );
  }
  if (story.cancelled)
    return refused(`the login to ${place} was cancelled`, 'Connect again to be asked again.');
  const greeting = plain(firstWords);
  // What sshd says instead of its name when it drops a connection (sshd.c, drop_connection).
  if (/^(Exceeded MaxStartups|Not allowed at this time)/i.test(greeting)) {
    return retry(
      `sshd at ${place} turns new connections away: "${greeting.slice(0, 60)}"`,
      'Too many logins are in progress there at once. Fireline waits longer after each try; on the host, MaxStartups in sshd_config allows more.',
      'turned_away',
    );
  }
  if (level === 'client-authentication') return describeRefusedLogin(place, target, story);
  if (level === 'client-socket' && typeof code === 'string') return describeSocketError(error, target);
  if (phase === 'handshake') {
    if (greeting !== '') {
      return retry(
        `${place} hung up after saying "${greeting.slice(0, 160)}"`,
        'Is it an SSH server, and does it accept this address? Fireline tries again.',
      );
    }
    if (/before handshake/i.test(message)) {
      return retry(
        `${place} closed the connection before its greeting`,
        'sshd may be starved of memory, overloaded (MaxStartups) or restarting, or refuse this address.',
        'ssh_dying',
      );
    }
    return retry(
      `the handshake with ${place} failed: ${message}`,
      'Is it an SSH server? Fireline tries again.',
    );
  }
  if (/bad packet length/i.test(message)) {
    return refused(
      `${place} sent more in one piece than can be taken during a login: its banner may be too long`,
      'Shorten the file that Banner names in its sshd_config to 30 KB, then connect again.',
    );
  }
  return retry(
    `${place} ended the connection during the login: ${message}`,
    'sshd may be overloaded or restarting. Fireline tries again.',
  );
}

function describeRefusedLogin(place: string, target: SshTarget, story: AuthenticationStory): ConnectFailure {
  const notes = story.notes.length > 0 ? ` (${story.notes.join('; ')})` : '';
  if (story.unasked.length > 0) {
    return refused(
      `${place} needs ${story.unasked.join(' or ')}, and nobody can be asked${notes}`,
      'Load the key into your agent, or connect from a window, where you can answer.',
    );
  }
  const takes = story.methodsLeft.length > 0 ? `; it takes ${story.methodsLeft.join(', ')}` : '';
  const failed = story.tried.filter((one) => !story.accepted.includes(one));
  if (story.accepted.length > 0) {
    const others = failed.length > 0 ? `tried ${failed.join(', ')}` : 'there was nothing else to try';
    return refused(
      `${place} accepted ${story.accepted.join(', ')} and wants another proof as well: ${others}${takes}${notes}`,
      `Name every key that it needs as an IdentityFile of ${target.alias}: AuthenticationMethods of its sshd_config says what it wants.`,
    );
  }
  const tried = failed.length > 0 ? `tried ${failed.join(', ')}` : 'there was no key to try';
  return refused(
    `${place} refused the login of ${target.user}: ${tried}${takes}${notes}`,
    `Check the user name and the key: ssh -v ${target.alias} shows the same exchange.`,
  );
}

const retry = (reason: string, advice: string, cause?: LinkCause): ConnectFailure => ({
  kind: 'retry',
  reason,
  advice,
  ...(cause === undefined ? {} : { cause }),
});
const refused = (reason: string, advice: string): ConnectFailure => ({ kind: 'refused', reason, advice });

/** One line of at most 300 characters without control characters. */
export const plain = (text: string) =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').slice(0, 300);
