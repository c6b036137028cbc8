import { describe, expect, it } from 'vitest';
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
    } as const;
    const notice = paneNotice('web1', link, { kind: 'lost', since: 0, reason: 'x' }, undefined, 12_000);
    expect(notice?.text).toBe('Link lost 12 s ago, next try in 3 s: reset by peer');
    expect(notice?.actions).toContain('reconnect');
  });

  it('tells a host that is silent from a link that is down', () => {
    const link = { kind: 'stalled', since: 0, reason: 'keepalives unanswered' } as const;
    expect(paneNotice('web1', link, open, undefined, 12_000)?.text).toBe(
      'web1 stopped answering 12 s ago; the link is up: keepalives unanswered',
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
