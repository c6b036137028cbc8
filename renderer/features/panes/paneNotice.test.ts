import { describe, expect, it } from 'vitest';
import type { LinkState } from '../../../shared/model/host.ts';
import { paneNotice } from './paneNotice.ts';

const open = { kind: 'open', since: 0 } as const;

describe('paneNotice', () => {
  it('is silent while all is well, and for a shell that is just starting', () => {
    expect(paneNotice('web1', { kind: 'good', since: 0 }, open, undefined, 1000)).toBeUndefined();
    expect(
      paneNotice('web1', { kind: 'good', since: 0 }, { kind: 'opening', since: 900 }, undefined, 1000),
    ).toBeUndefined();
  });

  it('says when the link was lost and when it is tried again', () => {
    const link = {
      kind: 'reconnecting',
      since: 0,
      reason: 'reset by peer',
      attempt: 2,
      nextTryAt: 15_000,
      downSince: 0,
    } as const;
    const notice = paneNotice('web1', link, { kind: 'lost', since: 0, reason: 'x' }, undefined, 12_000);
    expect(notice?.text).toBe('Link lost 12 s ago, next try in 3 s: reset by peer');
    expect(notice?.actions).toContain('reconnect');
  });

  it('says since when it is down, not since when it is tried, and what is in the way', () => {
    const down = { since: 11_000, attempt: 3, downSince: 0 };
    const text = (link: LinkState) =>
      paneNotice('web1', link, { kind: 'lost', since: 0, reason: 'x' }, undefined, 12_000)?.text;
    expect(text({ kind: 'connecting', ...down, cause: 'ssh_dying' })).toBe(
      'web1 accepts connections and its sshd does not answer; the link was lost 12 s ago. Connecting to web1… 1 s, try 3',
    );
    const waiting = { kind: 'reconnecting', ...down, reason: 'r', nextTryAt: 15_000 } as const;
    expect(text({ ...waiting, cause: 'no_answer' })).toBe(
      'Link down, no answer; lost 12 s ago, next try in 3 s: r',
    );
    expect(text({ ...waiting, cause: 'no_route' })).toMatch(/no route to web1/);
    expect(text({ kind: 'reconnecting', since: 0, attempt: 2, reason: 'r', nextTryAt: 15_000 })).toBe(
      'web1 cannot be reached, next try in 3 s: r',
    );
  });

  it('tells a host that is silent from a link that is down', () => {
    const link = { kind: 'stalled', since: 0, reason: 'keepalives unanswered' } as const;
    expect(paneNotice('web1', link, open, undefined, 12_000)?.text).toBe(
      'web1 stopped answering 12 s ago; the connection stands: keepalives unanswered',
    );
  });

  it('shows the command that waits for approval', () => {
    const link = { kind: 'held', since: 0, reason: 'not approved' } as const;
    const notice = paneNotice('pod', link, open, 'kubectl exec -it web-0 -- sh', 0);
    expect(notice).toMatchObject({ command: 'kubectl exec -it web-0 -- sh', actions: ['approve'] });
  });

  it('shows the status of a shell that ended, and its signal', () => {
    const link = { kind: 'good', since: 0 } as const;
    expect(paneNotice('a', link, { kind: 'exited', since: 0, exitCode: 137 }, undefined, 0)?.text).toContain(
      'status 137',
    );
    expect(
      paneNotice('a', link, { kind: 'exited', since: 0, signal: 'SIGKILL' }, undefined, 0)?.text,
    ).toContain('SIGKILL');
  });
});
