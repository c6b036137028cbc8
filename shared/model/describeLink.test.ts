import { expect, it } from 'vitest';
import { describeLink } from './describeLink.ts';
import type { LinkCause, LinkState } from './host.ts';

const good: LinkState = { kind: 'good', since: 0, roundTripMs: 3 };
const silent = { kind: 'silent', since: 0, reason: 'no answer to a tick' } as const;

it('tells a silent host, a dying sshd and a link that is down by different words', () => {
  const words = [
    describeLink(good, silent).word,
    describeLink({ kind: 'stalled', since: 0, reason: '', cause: 'ssh_dying' }, silent).word,
    describeLink({ kind: 'stalled', since: 0, reason: '' }, silent).word,
    describeLink({ kind: 'reconnecting', since: 0, reason: '', attempt: 2, nextTryAt: 1, cause: 'no_answer' })
      .word,
  ];
  expect(words).toEqual(['host silent', 'ssh dying', 'stalled', 'link down']);
  expect(describeLink(good, { kind: 'failed', since: 0, reason: '', advice: '' }).word).toBe('not measured');
  expect(describeLink(good, { kind: 'running', implementation: 'perl' }).word).toBe('good');
});

it.each<LinkCause>(['no_name', 'no_route', 'host_unreachable', 'no_answer', 'not_listening', 'ssh_dying'])(
  'keeps its word from try to try: %s',
  (cause) => {
    const down = { since: 0, attempt: 3, cause };
    const waiting = describeLink({ kind: 'reconnecting', reason: '', nextTryAt: 1, ...down });
    expect(describeLink({ kind: 'connecting', ...down })).toEqual(waiting);
  },
);
