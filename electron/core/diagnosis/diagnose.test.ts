import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fail } from '../../../shared/base/result.ts';
import { DIAGNOSES, type DiagnosisId } from '../../../shared/model/diagnosis.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import { HERE, identityOf, openRemediationBed, type RemediationBed } from '../remediation/remediationBed.ts';
import type { Session } from '../sessions/session.ts';
import { askHost } from './askHost.ts';
import { diagnose } from './diagnose.ts';
import { DIAGNOSIS_PRELUDE, DIAGNOSIS_SCRIPTS } from './scripts.ts';

/** Of this machine, over a real session. */
let bed: RemediationBed;
beforeEach(async () => {
  bed = await openRemediationBed();
});
afterEach(() => bed.dispose());

const look = (diagnosis: DiagnosisId, target?: ProcessIdentity) =>
  diagnose(
    { host: HERE.host, diagnosis, asRoot: false, ...(target ? { target } : {}) },
    bed.session,
    Date.now,
  );

describe('every look at a host', () => {
  test.each(
    DIAGNOSES.filter(({ about, id }) => about === 'host' && id !== 'large-files').map(({ id }) => id),
  )(
    '%s says something, and complains of nothing',
    async (id) => {
      const result = await look(id);
      expect(result.output).toMatch(/^== \S/);
      expect(result.output).not.toMatch(/== it complained|syntax error|not found/i);
      expect(result.truncated).toBe(false);
      expect(result.command).toContain(`# ${id}`);
    },
    40_000,
  );

  test('connections are counted by process and remote end, with what waits in their queues', async () => {
    const server = createServer((socket) => socket.pause());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { pid } = await bed.start(
      `use IO::Socket::INET; my @s = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => ${port}) } 1 .. 23; $_->syswrite('x' x 500) for @s`,
      'leaker',
    );
    const { output } = await look('connections');
    server.close();
    expect(output).toMatch(new RegExp(`^ +23  perl ${pid} +ESTAB +127\\.0\\.0\\.1:${port} +recv `, 'm'));
    expect(output).toContain(`127.0.0.1:${port}`);
  });

  test('deleted files that are held open are found, and can be acted on', async () => {
    const file = join(bed.directory, 'gone.log');
    const { pid } = await bed.start(
      `open(F, '>>', '${file}'); F->autoflush(1); print F 'x' x 3_000_000; unlink '${file}'`,
    );
    const { deletedFiles } = await look('disk');
    const found = deletedFiles?.find((one) => one.pid === pid);
    expect(found).toMatchObject({ path: file, process: 'perl', descriptor: 3, ...pick(identityOf(pid)) });
    expect(found?.bytes).toBeGreaterThanOrEqual(3_000_000);
  });

  test('a file with a line break in its name is found too', async () => {
    const { pid } = await bed.start(
      `$f = '${bed.directory}' . "/a\\nb (deleted)"; open(F, '>', $f); F->autoflush(1); print F 'x' x 3_000_000; unlink $f`,
    );
    const { deletedFiles } = await look('disk');
    const found = deletedFiles?.filter((one) => one.pid === pid).map((one) => one.path);
    expect(found).toEqual([join(bed.directory, 'ab (deleted)')]);
  });

  test('a file whose name is written like such a line adds none', async () => {
    const forged = 'gone\\n@deleted\\t1\\t1\\tinit\\t3\\t4\\t99999999\\tforged';
    const file = join(bed.directory, forged);
    const { pid } = await bed.start(
      `open(F, '>', '${file.replaceAll('\\', '\\\\')}'); F->autoflush(1); print F 'x' x 3_000_000; unlink '${file.replaceAll('\\', '\\\\')}'`,
    );
    const { deletedFiles, output } = await look('disk');
    expect(deletedFiles?.filter((one) => one.pid === pid).map((one) => one.path)).toEqual([file]);
    expect(deletedFiles?.map((one) => one.path)).not.toContain('forged');
    expect(output).toContain(forged);
  });
});

const pick = ({ startTicks }: ProcessIdentity) => ({ startTicks });

test('of large files each is told, also where several are of one size', async () => {
  for (const name of ['one', 'two']) writeFileSync(join(bed.directory, name), Buffer.alloc(21 << 20));
  // Of a folder of this test: the whole machine takes its time.
  const script = `${DIAGNOSIS_PRELUDE}${DIAGNOSIS_SCRIPTS['large-files'].replace('/var /srv /home /tmp /', bed.directory)}`;
  const run = await bed.session.run(['sh', '-c', script.replaceAll('@{', '${')], {
    purpose: 'test',
    timeoutMs: 30_000,
  });
  const files = run.ok ? run.value.stdout.match(/^\d+\t.*\/(?:one|two)$/gm) : [];
  expect(files).toEqual([`21504\t${bed.directory}/two`, `21504\t${bed.directory}/one`]);
});

describe('every look at a process', () => {
  test.each(
    DIAGNOSES.filter(({ about, id }) => about === 'process' && id !== 'system-calls').map(({ id }) => id),
  )(
    '%s says something, and complains of nothing',
    async (id) => {
      const log = join(bed.directory, 'app.log');
      const { pid } = await bed.start(
        `open(F, '>>', '${log}'); F->autoflush(1); print F "a line of its own\\n"`,
      );
      const { output } = await look(id, identityOf(pid));
      expect(output).toMatch(/^== \S/);
      expect(output).not.toMatch(/== it complained|syntax error|not found/i);
      if (id === 'process-logs') expect(output).toContain(`== ${log}\na line of its own`);
      if (id === 'open-files') expect(output).toContain(log);
    },
    30_000,
  );

  test('system calls are summed up for five seconds, and the process goes on', async () => {
    const { pid } = await bed.start(
      'print "ready\\n"; while (1) { getppid(); select(undef, undef, undef, 0.01) }',
    );
    const { output } = await look('system-calls', identityOf(pid));
    expect(output).toMatch(/% time|no strace|not permitted|PTRACE/);
    expect(() => process.kill(pid, 0)).not.toThrow();
  }, 30_000);

  test('one that is another by now is not looked at', async () => {
    const { pid } = await bed.start('');
    const { output, exitCode } = await look('open-files', { ...identityOf(pid), startTicks: 1 });
    expect(exitCode).toBe(4);
    expect(output).toBe(`Pid ${pid} is another process by now, or gone.`);
  });
});

test('of a look that does not end what it said until then is told, and that it is not all', async () => {
  const soFar = {
    stdout: '\n== free -m\nMem: 1\n',
    stderr: '',
    truncated: false,
  };
  const run: Session['run'] = async () => fail({ kind: 'timeout', reason: 'it did not end', soFar });
  const asked = {
    host: HERE.host,
    diagnosis: 'memory' as const,
    asRoot: false,
  };
  const { output } = await diagnose(asked, { run }, Date.now);
  expect(output).toBe(
    '== free -m\nMem: 1\n\n== it was ended\nIt was not done after 40 s: the rest is not known.',
  );
  const nothing: Session['run'] = async () => fail({ kind: 'timeout', reason: 'it did not end' });
  await expect(diagnose(asked, { run: nothing }, Date.now)).rejects.toMatchObject({
    error: {
      code: 'not_connected',
      message: expect.stringContaining('It was ended'),
    },
  });
});

test('a question of the user’s is asked as typed, and what it said on both streams is told', async () => {
  const answer = await askHost(HERE.host, 'echo "$((6 * 7))"; echo oh >&2; exit 3', bed.session, Date.now);
  expect(answer).toMatchObject({ text: '42\n\noh\n', exitCode: 3, truncated: false });
});
