import { describe, expect, it } from 'vitest';
import { bed, facts, good, host, lines, refused, run, settled } from './cliBed.ts';

describe('doctor', () => {
  it('shows what works on each host, and ends with 0 when all can be used', async () => {
    bed.core.hosts = [host('web1', good)];
    const status = run('doctor', 'w.yaml');
    await settled();
    bed.clock.advance(100);
    expect(await status).toBe(0);
    expect(bed.stdout).toMatch(/HOST +ADDRESS +LOGIN +SAMPLER +KERNEL LOG +CLOCK +CHANNELS/);
    expect(bed.stdout).toMatch(
      /web1 +deploy@web1:22 +● ok, 3 ms +● perl +● \/dev\/kmsg +● \+12 ms ± 1 +● 12 or more/,
    );
    expect(bed.stdout).toContain('1 of 1 host can be used');
    expect(bed.stdout).not.toContain('What to do');
    expect(bed.core.told).toEqual([expect.stringMatching(/^open .*w\.yaml true$/), 'close']);
  });

  it('says what to do about what does not, and ends with 1 when a host cannot be used', async () => {
    bed.core.hosts = [
      host('web1', good, { facts: { ...facts, clockOffsetMs: -90_000 } }),
      host('web2', refused, { sampler: { kind: 'off' } }),
      host('web3', good, {
        sampler: { kind: 'failed', since: 0, reason: 'no perl and no awk', advice: 'Install one.' },
      }),
    ];
    bed.core.kernelLogs = {
      web1: { kind: 'unavailable', reason: 'dmesg_restrict is 1', advice: 'Join group adm' },
    };
    bed.core.channels = { web1: 2 };
    const status = run('doctor', 'w.yaml');
    await settled();
    bed.clock.advance(100);
    expect(await status).toBe(1);
    expect(bed.stdout).toContain(
      'web1, kernel log: dmesg_restrict is 1. Join group adm. OOM kills are told from counters',
    );
    expect(bed.stdout).toContain('web1, clock: Its clock is off');
    expect(bed.stdout).toContain('web1, channels: A second connection will be needed. Raise MaxSessions');
    expect(bed.stdout).toContain('web2, login: the host key changed. Ask its keeper.');
    expect(bed.stdout).toContain('web3, sampler: no perl and no awk. Install one.');
    expect(bed.stdout).toContain('1 of 3 hosts can be used');
  });

  it('waits for hosts, but not for ever', async () => {
    bed.core.hosts = [
      host('web1', { kind: 'connecting', since: 0, attempt: 1 }, { sampler: { kind: 'off' } }),
    ];
    const status = run('doctor', 'w.yaml', '--timeout', '10s');
    await settled();
    bed.clock.advance(9_900);
    expect(bed.stdout).toBe('');
    bed.clock.advance(100);
    expect(await status).toBe(1);
    expect(bed.stdout).toContain('web1, login: Check the address');
    expect(bed.clock.pending).toBe(0);
  });

  it('says why the last attempt failed, though the time ends in the middle of the next', async () => {
    const down = { since: 0, reason: 'the endpoint does not answer', attempt: 1, nextTryAt: 1_000 };
    bed.core.hosts = [host('web1', { kind: 'reconnecting', ...down }, { sampler: { kind: 'off' } })];
    const status = run('doctor', 'w.yaml', '--timeout', '10s');
    await settled();
    bed.clock.advance(100);
    bed.core.hosts = [
      host('web1', { kind: 'authenticating', since: 1_000, attempt: 2 }, { sampler: { kind: 'off' } }),
    ];
    bed.clock.advance(9_900);
    expect(await status).toBe(1);
    expect(bed.stdout).toContain('web1, login: the endpoint does not answer. Check the address');
  });

  it('is JSON on request, problems of the file included', async () => {
    bed.core.hosts = [host('web1', good)];
    bed.core.problems = [
      { file: 'w.yaml', line: 1, column: 1, message: 'm', expected: 'e', host: 'web2', severity: 'error' },
    ];
    const status = run('doctor', 'w.yaml', '--json');
    await settled();
    bed.clock.advance(100);
    expect(await status).toBe(1);
    expect(lines()).toMatchObject([
      {
        problems: [{ line: 1 }],
        hosts: [
          { host: 'web1', usable: true, findings: { channels: { state: 'ok' }, clock: { state: 'ok' } } },
        ],
      },
    ]);
  });
});
