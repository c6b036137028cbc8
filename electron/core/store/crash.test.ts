import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { openRecord } from './recordStore.ts';

it('a writer killed with SIGKILL leaves a whole record with everything that it said was written', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fireline-crash-'));
  const writer = spawn(
    process.execPath,
    [fileURLToPath(new URL('./crashWriter.fixture.ts', import.meta.url)), directory],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    let said = '';
    const enough = new Promise<void>((resolve, reject) => {
      writer.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.split('\n').length > 12) resolve();
      });
      writer.once('exit', (code) => reject(new Error(`the writer ended by itself with ${code}`)));
    });
    await enough;
    // While it lives nobody else may write.
    expect(openRecord(directory, { clock: systemClock })).toMatchObject({
      ok: false,
      error: { kind: 'locked', holder: { pid: writer.pid } },
    });
    writer.kill('SIGKILL');
    await once(writer, 'close');

    const written = said.split('\n').slice(0, -1).map(Number);
    const opened = openRecord(directory, { clock: systemClock });
    if (!opened.ok) throw new Error(opened.error.message);
    const store = opened.value;
    const samples = store.readSeries('web1' as HostId, 0, Number.MAX_SAFE_INTEGER, 100_000).map((v) => v.at);
    expect(samples.slice(0, written.length)).toEqual(written);
    // What it committed and could no longer announce: at most the one in flight.
    expect(samples.length - written.length).toBeLessThanOrEqual(1);
    const events = store.readEvents({ limit: 1000 }).map((e) => e.at);
    expect(events.slice(-written.length)).toEqual([...written].reverse());
    store.dispose();

    const database = new DatabaseSync(join(directory, 'record.db'), { readOnly: true });
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
  } finally {
    if (writer.exitCode === null && writer.signalCode === null) writer.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});
