import type { LinkCause } from '../../../../shared/model/host.ts';
import type { ConnectFailure } from '../transport.ts';
import { readServerOffer } from './serverOffer.ts';
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

/** How far it got. */
interface Attempt {
  place: string;
  target: SshTarget;
  phase: 'handshake' | 'authentication';
  story: AuthenticationStory;
  /** What the server said to people: before its name, or to a proof that it was given. */
  said: string;
  /** All that it sent before it was ciphered. */
  start: Buffer | undefined;
}

/** A failure of the protocol or of the login. Text from the server is cut short and stripped of controls. */
export function describeSshError(error: Error, attempt: Attempt): ConnectFailure {
  const { place, target, phase, story } = attempt;
  const message = plain(error.message);
  const { level, code } = error as { level?: string; code?: unknown };
  if (/no matching/i.test(message)) return describeNothingInCommon(message, attempt);
  const said = plain(attempt.said).trim();
  if (/too many authentication failures/i.test(message)) {
    if (story.person !== 'not asked') return describeRefusedLogin(place, target, story, said);
    return refused(
      `${place} broke off after too many keys`,
      `Set IdentitiesOnly yes and IdentityFile for ${target.alias} in ssh_config, so that only the right key is offered.`,
    );
  }
  if (story.cancelled)
    return refused(`the login to ${place} was cancelled`, 'Connect again to be asked again.');
  if (level === 'client-authentication') return describeRefusedLogin(place, target, story, said);
  if (phase === 'handshake') return describeFailedHandshake(error, place, target, said);
  if (/bad packet length/i.test(message)) {
    return refused(
      `${place} sent more in one piece than can be taken during a login: its banner may be too long`,
      'Shorten the file that Banner names in its sshd_config to 30 KB, then connect again.',
    );
  }
  const saying = said === '' ? '' : `, saying "${said.slice(0, 160)}"`;
  // Asked again at each try, nobody could sleep: what must be answered is tried again by who answers.
  if (story.person === 'asked') {
    return refused(
      `${place} ended the connection before the question was answered${saying}`,
      'Servers wait for two minutes mostly (LoginGraceTime). Connect again to be asked again.',
    );
  }
  if (story.person === 'answered') {
    return refused(
      `${place} ended the connection after the question was answered${saying}`,
      'The account may be locked, expired or shut out for now. Connect again to be asked again.',
    );
  }
  if (said !== '') return retry(`${place} ended the login${saying}`, 'Fireline tries again.');
  if (level === 'client-socket' && typeof code === 'string') return describeSocketError(error, target);
  return retry(
    `${place} ended the connection during the login: ${inPlainWords(message)}`,
    'sshd may be overloaded or restarting. Fireline tries again.',
  );
}

function describeNothingInCommon(message: string, { place, target, start }: Attempt): ConnectFailure {
  const offer = start && readServerOffer(start, message);
  if (!offer) {
    return refused(
      `${place} and Fireline have no algorithm in common: ${message}`,
      `If the server is old, allow what it speaks for this host in ssh_config: KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs with a + before the name (ssh -vv ${target.alias} shows its lists).`,
    );
  }
  const { keyword, theirs, possible } = offer;
  return refused(
    `${place} and Fireline have none of the ${keyword} in common: the server takes ${plain(theirs.join(', ')) || 'none'}`,
    possible.length > 0
      ? `If you trust it with that, allow it for this host in your ssh_config: ${keyword} +${possible.join(',')}`
      : `Fireline can do none of them. What OpenSSH reaches can be opened through it: command: { shell: [ssh, -tt, ${target.alias}], exec: [ssh, ${target.alias}] }`,
  );
}

function describeFailedHandshake(
  error: Error,
  place: string,
  target: SshTarget,
  greeting: string,
): ConnectFailure {
  const { level, code } = error as { level?: string; code?: unknown };
  const message = plain(error.message);
  // What sshd says instead of its name when it drops a connection (sshd.c, drop_connection).
  if (/^(Exceeded MaxStartups|Not allowed at this time)/i.test(greeting)) {
    return retry(
      `sshd at ${place} turns new connections away: "${greeting.slice(0, 60)}"`,
      'Too many logins are in progress there at once. Fireline waits longer after each try; on the host, MaxStartups in sshd_config allows more.',
      'turned_away',
    );
  }
  if (level === 'client-socket' && typeof code === 'string') return describeSocketError(error, target);
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
    `the handshake with ${place} failed: ${inPlainWords(message)}`,
    'Is it an SSH server, with nothing between that changes what it sends? Fireline tries again.',
  );
}

function describeRefusedLogin(
  place: string,
  target: SshTarget,
  story: AuthenticationStory,
  said: string,
): ConnectFailure {
  const notes = [...(said === '' ? [] : [`it says "${said.slice(0, 160)}"`]), ...story.notes];
  const more = notes.length > 0 ? ` (${notes.join('; ')})` : '';
  if (story.unasked.length > 0) {
    return refused(
      `${place} needs ${story.unasked.join(' or ')}, and nobody can be asked${more}`,
      'Load the key into your agent, or connect from a window, where you can answer.',
    );
  }
  const left = story.methodsLeft;
  const takes = left.length > 0 ? `; it takes ${left.join(', ')}` : '';
  const failed = countEach(story.tried.filter((one) => !story.accepted.includes(one)));
  if (story.accepted.length > 0) {
    const others = failed.length > 0 ? `tried ${failed.join(', ')}` : 'there was nothing else to try';
    return refused(
      `${place} accepted ${story.accepted.join(', ')} and wants another proof as well: ${others}${takes}${more}`,
      `Name every key that it needs as an IdentityFile of ${target.alias}: AuthenticationMethods of its sshd_config says what it wants.`,
    );
  }
  const tried = failed.length > 0 ? `tried ${failed.join(', ')}` : 'there was no key to try';
  const possible = left.length === 0 || left.some((way) => target.authentications.some((one) => one === way));
  return refused(
    `${place} refused the login of ${target.user}: ${tried}${takes}${more}`,
    possible
      ? `Check the user name and the key: ssh -v ${target.alias} shows the same exchange.`
      : `None of these can be used: Fireline does publickey, keyboard-interactive and password, and your ssh_config leaves ${target.authentications.join(', ') || 'none of them'} for ${target.alias}.`,
  );
}

/** `password (3 times)`. */
function countEach(words: readonly string[]): string[] {
  return [...new Set(words)].map((word) => {
    const times = words.filter((one) => one === word).length;
    return times === 1 ? word : `${word} (${times} times)`;
  });
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

/** What ssh2 and Node say of a broken wire, for people. */
export function inPlainWords(message: string): string {
  if (/unable to authenticate data|Invalid MAC|Bad packet length|malformed/i.test(message))
    return `what arrived was damaged on the way (${message})`;
  return message === 'Premature close' ? 'its ProxyCommand ended' : message;
}
