import { describe, expect, it } from 'vitest';
import { failure } from '../../shared/contract/errors.ts';
import type { EventId } from '../../shared/model/timelineEvent.ts';
import { bed, event, good, host, lines, refused, run, settled } from './cliBed.ts';

describe('watch', () => {
  it('prints an event as one line of JSON, at once, with times in ISO 8601', async () => {
    bed.core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml', '--for', '60s');
    await settled();
    bed.core.timeline(event('e1', 1));
    expect(bed.stdout.split('\n')).toHaveLength(2);
    expect(lines()).toEqual([
      {
        id: 'e1',
        revision: 1,
        host: 'web1',
        kind: 'process.respawn_loop',
        severity: 'warning',
        at: '2026-01-02T03:04:05.678Z',
        seenAt: '2026-01-02T03:04:06.000Z',
        clockOffsetMs: 12.5,
        title: 'ruby restarts',
        detail: { perMinute: 4 },
        evidence: [
          { type: 'line', source: 'kernel log', text: 'x\ny', at: '1970-01-01T00:00:00.000Z' },
          {
            type: 'samples',
            metric: 'system.process.created',
            from: '1970-01-01T00:00:00.000Z',
            to: '1970-01-01T00:00:01.000Z',
          },
        ],
      },
    ]);
    bed.clock.advance(60_000);
    expect(await status).toBe(0);
    expect(bed.core.told.at(-1)).toBe('close');
    expect(bed.created[0]).toMatchObject({ home: 'cli', dataDirectory: bed.base, interactive: false });
  });

  it('hears events of the opening itself, and prints events without a host', async () => {
    bed.core.hosts = [host('web1', good)];
    const { host: _host, ...workspaceEvent } = event('e0', 1, { kind: 'note' });
    bed.core.onOpen = () => bed.core.timeline(workspaceEvent);
    const status = run('watch', 'w.yaml', '--for=1s');
    await settled();
    bed.clock.advance(1_000);
    await status;
    expect(lines()).toMatchObject([{ id: 'e0', host: null }]);
  });

  it('prints a revision when it says something new, and when it is over', async () => {
    bed.core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml');
    await settled();
    bed.core.timeline(event('e1', 1));
    bed.core.timeline(event('e1', 2, { detail: { perMinute: 5 }, title: 'ruby restarts faster' }));
    bed.core.timeline(event('e1', 3, { severity: 'critical' }));
    bed.core.timeline(event('e1', 4, { severity: 'critical', detail: { perMinute: 5, holderPid: 99 } }));
    const over = {
      severity: 'critical',
      detail: { perMinute: 6, holderPid: 99 },
      endedAt: Date.UTC(2026, 0, 3),
    } as const;
    bed.core.timeline(event('e1', 5, over));
    bed.core.timeline(event('e1', 6, over));
    expect(lines().map((line) => line['revision'])).toEqual([1, 3, 4, 5]);
    expect(lines().at(-1)).toMatchObject({ endedAt: '2026-01-03T00:00:00.000Z' });
    bed.interrupt.abort();
    expect(await status).toBe(0);
  });

  it('says which event one closes', async () => {
    bed.core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml', '--for', '60s');
    await settled();
    bed.core.timeline(event('e1', 0, { kind: 'link.lost' }));
    bed.core.timeline(event('e2', 0, { kind: 'link.restored', relatesTo: 'e1' as EventId }));
    expect(lines().map(({ id, relatesTo }) => [id, relatesTo])).toEqual([
      ['e1', undefined],
      ['e2', 'e1'],
    ]);
    bed.clock.advance(60_000);
    await status;
  });

  it('keeps hostile text on its line', async () => {
    bed.core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml');
    await settled();
    bed.core.timeline(event('e1', 1, { title: 'a\nb\u2028c\u001b[2J"}', endedAt: 1e16 }));
    expect(bed.stdout.split('\n')).toHaveLength(2);
    expect(lines()[0]).toMatchObject({
      title: 'a\nb\u2028c\u001b[2J"}',
      endedAt: '????-??-??T??:??:??.???Z',
    });
    bed.interrupt.abort();
    await status;
  });

  it('says what the core says of itself, and lets nothing of it act on the terminal', async () => {
    bed.core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml');
    await settled();
    bed.created[0]?.diagnostic('it printed \u001b[2J\nand more');
    expect(bed.stderr).toContain('fireline: it printed ␛[2J\nand more\n');
    bed.interrupt.abort();
    await status;
  });

  it('ends with 1 when no host could be used, and says which and why', async () => {
    bed.core.hosts = [host('web1', { kind: 'connecting', since: 0, attempt: 1 }), host('web2', refused)];
    const status = run('watch', 'w.yaml', '--for', '5s');
    await settled();
    bed.clock.advance(5_000);
    expect(await status).toBe(1);
    expect(bed.stderr).toContain('web1 could not be used: connecting');
    expect(bed.stderr).toContain('web2 could not be used: the host key changed. Ask its keeper.');
    expect(bed.stdout).toBe('');
  });

  it('ends with 0 when a host was up for a while', async () => {
    bed.core.hosts = [host('web1', { kind: 'connecting', since: 0, attempt: 1 })];
    const status = run('watch', 'w.yaml', '--for', '5s');
    await settled();
    bed.core.link('web1', good);
    bed.core.link('web1', { kind: 'lost', since: 0, reason: 'reset' });
    bed.clock.advance(5_000);
    expect(await status).toBe(0);
  });

  it('does not wait when every host needs a person', async () => {
    bed.core.hosts = [host('web1', { kind: 'connecting', since: 0, attempt: 1 })];
    const status = run('watch', 'w.yaml');
    await settled();
    bed.core.link('web1', refused);
    expect(await status).toBe(1);
    expect(bed.stderr).toContain('web1: the host key changed. Ask its keeper.');
    expect(bed.clock.pending).toBe(0);
  });

  it('says where a file is wrong, and opens the rest only when told to', async () => {
    bed.core.problems = [
      {
        file: 'w.yaml',
        line: 4,
        column: 7,
        message: 'unknown key prot',
        expected: 'port',
        host: 'web1',
        severity: 'error',
      },
    ];
    expect(await run('watch', 'w.yaml')).toBe(1);
    expect(bed.stderr).toContain('w.yaml:4:7: error: unknown key prot; expected port');
    expect(bed.stderr).toContain('--partial');
    expect(bed.core.told.at(-1)).toBe('close');
    bed.core.hosts = [host('web2', good)];
    const status = run('watch', 'w.yaml', '--partial', '--approve', '--for=1');
    await settled();
    bed.clock.advance(1_000);
    expect(await status).toBe(0);
    expect(bed.core.told).toContain('approve');
  });

  it('says in one line when the core cannot start or the file cannot be read', async () => {
    bed.core.onOpen = () => {
      throw failure('not_found', '/w.yaml: no such file', 'Check the path.');
    };
    expect(await run('watch', '/w.yaml')).toBe(1);
    expect(bed.stderr).toBe('fireline watch: /w.yaml: no such file. Check the path.\n');
    expect(bed.core.told.at(-1)).toBe('close');
  });
});
