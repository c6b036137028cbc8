import type { LinkState } from './host.ts';

/** What a link's state looks like: a shape and a word, so that colour never carries it alone. */
export interface LinkWords {
  mark: '●' | '◐' | '○' | '✕';
  tone: 'plain' | 'busy' | 'warning' | 'critical';
  word: string;
}

/** Pure words for the screen; text from the far side (`reason`) is not included. */
export function describeLink(link: LinkState): LinkWords {
  switch (link.kind) {
    case 'idle':
      return { mark: '○', tone: 'busy', word: 'not connected' };
    case 'held':
      return { mark: '◐', tone: 'warning', word: 'held for approval' };
    case 'connecting':
      return { mark: '◐', tone: 'busy', word: 'connecting' };
    case 'authenticating':
      return { mark: '◐', tone: 'busy', word: 'logging in' };
    case 'good':
      return { mark: '●', tone: 'plain', word: 'good' };
    case 'degraded':
      return { mark: '◐', tone: 'warning', word: 'degraded' };
    case 'stalled':
      return { mark: '◐', tone: 'warning', word: 'stalled' };
    case 'lost':
      return { mark: '○', tone: 'critical', word: 'lost' };
    case 'reconnecting':
      return { mark: '○', tone: 'critical', word: 'reconnecting' };
    case 'refused':
      return { mark: '✕', tone: 'critical', word: 'refused' };
    case 'closed':
      return { mark: '○', tone: 'busy', word: 'closed' };
  }
}
