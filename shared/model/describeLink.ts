import type { LinkCause, LinkState, SamplerState } from './host.ts';

/** What a link's state looks like: a shape and a word, so that colour never carries it alone. */
export interface LinkWords {
  mark: '●' | '◐' | '○' | '✕';
  tone: 'plain' | 'busy' | 'warning' | 'critical';
  word: string;
}

/**
 * Pure words for the screen; text from the far side (`reason`) is not included. While a link that is down is tried
 * again the word stays what it was: it tells what is wrong, and must not flicker with each attempt.
 */
export function describeLink(link: LinkState, sampler?: SamplerState): LinkWords {
  switch (link.kind) {
    case 'idle':
      return { mark: '○', tone: 'busy', word: 'not connected' };
    case 'held':
      return { mark: '◐', tone: 'warning', word: 'held for approval' };
    case 'connecting':
      return link.cause === undefined
        ? { mark: '◐', tone: 'busy', word: 'connecting' }
        : { mark: '○', tone: 'critical', word: CAUSE_WORDS[link.cause] };
    case 'authenticating':
      return link.cause === 'ssh_dying'
        ? { mark: '○', tone: 'critical', word: CAUSE_WORDS.ssh_dying }
        : { mark: '◐', tone: 'busy', word: 'logging in' };
    case 'good':
      return unheard(sampler) ?? { mark: '●', tone: 'plain', word: 'good' };
    case 'degraded':
      return unheard(sampler) ?? { mark: '◐', tone: 'warning', word: 'degraded' };
    case 'stalled':
      return { mark: '◐', tone: 'warning', word: link.cause ? CAUSE_WORDS[link.cause] : 'stalled' };
    case 'lost':
      return { mark: '○', tone: 'critical', word: link.cause ? CAUSE_WORDS[link.cause] : 'lost' };
    case 'reconnecting':
      return { mark: '○', tone: 'critical', word: link.cause ? CAUSE_WORDS[link.cause] : 'reconnecting' };
    case 'refused':
      return link.gone
        ? { mark: '○', tone: 'busy', word: 'gone' }
        : { mark: '✕', tone: 'critical', word: 'refused' };
    case 'closed':
      return { mark: '○', tone: 'busy', word: 'closed' };
  }
}

/** The link answers, and the sampler on the host does not, or does not run at all. */
function unheard(sampler: SamplerState | undefined): LinkWords | undefined {
  if (sampler?.kind === 'silent') return { mark: '◐', tone: 'warning', word: 'host silent' };
  return sampler?.kind === 'failed' ? { mark: '◐', tone: 'warning', word: 'not measured' } : undefined;
}

const CAUSE_WORDS: Readonly<Record<LinkCause, string>> = {
  no_name: 'name unknown',
  no_route: 'no route',
  host_unreachable: 'unreachable',
  no_answer: 'link down',
  not_listening: 'no sshd',
  turned_away: 'turned away',
  ssh_dying: 'ssh dying',
};
