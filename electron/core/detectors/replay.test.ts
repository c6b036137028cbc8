import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { ThresholdRule } from '../../../shared/model/workspace.ts';
import { recordInputs } from './inputRecorder.ts';
import { type RecordedInput, readHeader, readInput, writeInput } from './recordedInput.ts';
import { linesOf, recordingsOf } from './recordingFiles.ts';
import { replayInputs } from './replayInputs.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fireline-inputs-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const web1 = 'web1' as HostId;
const START = Date.UTC(2026, 0, 2, 3);

async function read(file: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(file)) lines.push(line);
  return lines;
}

function recorder(clock: ManualClock, diagnostics: string[] = []) {
  return recordInputs({
    directory,
    clock,
    hosts: () => [{ id: web1, tags: ['web'] }],
    diagnostic: (line) => diagnostics.push(line),
  });
}

const logLine = (text: string, at: number): RecordedInput => ({
  kind: 'logLine',
  host: web1,
  at,
  line: { path: '/a.log', text, cut: false, seenAt: at },
});

describe('the record of what the detectors were given', () => {
  it('is read as it was written, in order', async () => {
    const clock = new ManualClock(START);
    const one = recorder(clock);
    const inputs: RecordedInput[] = [
      { kind: 'link', host: web1, at: START, link: { kind: 'good', since: START, roundTripMs: 3 } },
      logLine('hostile "\u0000\n\r\u2028\u2029\u0085\u202e line', START + 1),
      {
        kind: 'frame',
        host: web1,
        at: START + 2,
        frame: {
          at: START + 2,
          sentAt: START + 1,
          roundTripMs: 1.5,
          implementation: 'awk',
          run: 2,
          text: '#1 r\n.1 0\n',
        },
      },
      {
        kind: 'answer',
        host: web1,
        at: START + 3,
        question: { id: 'q', kind: 'holder', pids: [7] },
        answer: { kind: 'unanswered', reason: 'x' },
      },
    ];
    for (const input of inputs) one.add(input);
    one.dispose();
    const [header, ...lines] = await read(one.file);
    expect(readHeader(header ?? '')).toEqual({
      fireline: 'inputs',
      version: 1,
      startedAt: START,
      hosts: [{ id: 'web1', tags: ['web'] }],
    });
    expect(lines.map(readInput)).toEqual(inputs);
    expect(recordingsOf(directory)).toEqual([{ file: one.file, startedAt: START }]);
  });

  it('holds no secret that a command line names as one', () => {
    const text =
      '+1 0 5 1 S 1 0 0 1 1 0\tbeam\tbeam.smp -setcookie QWERTY -name x --db-password=hunter2 --token abc -p 80\n';
    const line = writeInput({
      kind: 'frame',
      host: web1,
      at: 1,
      frame: { at: 1, sentAt: 1, roundTripMs: 1, implementation: 'perl', run: 1, text },
    });
    expect(line).not.toMatch(/QWERTY|hunter2|abc/);
    const back = readInput(line);
    expect(back?.kind === 'frame' && back.frame.text).toContain(
      '-setcookie … -name x --db-password=… --token … -p 80\n',
    );
  });

  it('counts what is too much of a log, and keeps a node list once', async () => {
    const one = recorder(new ManualClock(START));
    for (let n = 0; n < 500; n++) one.add(logLine(`line ${n}`, START));
    one.add(logLine('a second later', START + 1000));
    for (let n = 0; n < 9; n++) one.add({ kind: 'erlang', host: web1, at: START, nodes: [] });
    one.dispose();
    const inputs = (await read(one.file)).slice(1).map(readInput);
    expect(inputs.filter((input) => input?.kind === 'logLine')).toHaveLength(201);
    expect(inputs.find((input) => input?.kind === 'logLines')).toMatchObject({ count: 300, path: '/a.log' });
    expect(inputs.filter((input) => input?.kind === 'erlang')).toHaveLength(1);
  });

  it('a piece that a crash cut off takes nothing else with it', async () => {
    const one = recorder(new ManualClock(START));
    one.add(logLine('kept', START));
    one.dispose();
    appendFileSync(one.file, gzipSync(`${writeInput(logLine('lost', START))}\n`.repeat(50)).subarray(0, 20));
    expect((await read(one.file)).length).toBeGreaterThanOrEqual(2);
  });

  it('that cannot be written is said once, and nothing else happens', () => {
    writeFileSync(join(directory, 'inputs'), 'a file where the folder would be');
    const diagnostics: string[] = [];
    const one = recorder(new ManualClock(START), diagnostics);
    one.add(logLine('x', START));
    one.dispose();
    expect(diagnostics).toHaveLength(1);
  });

  it('lines that are not of the format are none', () => {
    for (const line of [
      '',
      '{',
      '[]',
      '["frame","web1",1]',
      '["nosuch","web1",1,{}]',
      '["logLine","web1",1,{}]',
      '7',
    ])
      expect(readInput(line), line).toBeUndefined();
    expect(readHeader('{"fireline":"inputs","version":2,"hosts":[]}')).toBeUndefined();
  });

  it('waits for a disk that refuses it, and is then as if nothing had been', async () => {
    const clock = new ManualClock(START);
    const diagnostics: string[] = [];
    const one = recorder(clock, diagnostics);
    const inputs = Array.from({ length: 4 }, (_, n) => logLine(`line ${n}`, START + n));
    const add = (n: number) => {
      const input = inputs[n];
      if (input) one.add(input);
      clock.advance(5_000);
    };
    const written = (count: number) =>
      vi.waitFor(async () => expect(await read(one.file)).toHaveLength(1 + count));
    add(0);
    await written(1);
    // No file of that name can be written while there is a folder.
    renameSync(one.file, `${one.file}.aside`);
    mkdirSync(one.file);
    add(1);
    await vi.waitFor(() => expect(diagnostics).toHaveLength(1));
    add(2);
    rmdirSync(one.file);
    renameSync(`${one.file}.aside`, one.file);
    add(3);
    await written(4);
    one.dispose();
    expect((await read(one.file)).slice(1).map(readInput)).toEqual(inputs);
    expect(diagnostics).toEqual([expect.stringContaining('wait for the disk')]);
  });
});

async function replayLines(lines: string[], thresholds: ThresholdRule[] = []) {
  const events = new Map<string, TimelineEvent>();
  const diagnostics: string[] = [];
  const result = await replayInputs(() => lines, {
    thresholds,
    logs: [{ path: '/a.log', match: [{ pattern: 'FATAL', severity: 'critical' }] }],
    appliesTo: (on, host) =>
      on === undefined || on.some((name) => name === host.id || host.tags.includes(name)),
    publish: (event) => void events.set(event.id, event),
    diagnostic: (line) => diagnostics.push(line),
  });
  return { events: [...events.values()], result, diagnostics };
}

describe('a replay', () => {
  const header = JSON.stringify({
    fireline: 'inputs',
    version: 1,
    startedAt: START,
    hosts: [{ id: 'web1', tags: ['web'] }],
  });
  const surge = (perSecond: number) =>
    Array.from({ length: 120 }, (_, second) =>
      Array.from({ length: second < 90 ? 1 : perSecond }, () =>
        writeInput(logLine('refused', START + second * 1000)),
      ),
    ).flat();

  it('tells what the detectors tell, with the ticks between and the thresholds given', async () => {
    const { events, result } = await replayLines([header, ...surge(40)]);
    expect(events.map((event) => event.kind)).toEqual(['log.surge']);
    expect(events[0]?.at).toBeGreaterThan(START + 80_000);
    expect(result).toMatchObject({ hosts: 1, fromAt: START, faults: 0 });
    const strict = [{ detector: 'logSurge', on: ['web'], values: { minimumPerSecond: 100 } }];
    expect((await replayLines([header, ...surge(40)], strict)).events).toEqual([]);
    const other = [{ detector: 'logSurge', on: ['db'], values: { minimumPerSecond: 100 } }];
    expect((await replayLines([header, ...surge(40)], other)).events).toHaveLength(1);
  });

  it('knows the tags of a host that came later, as tasks of a service do', async () => {
    const came = writeInput({ kind: 'host', host: web1, at: START, tags: ['api'] });
    const without = JSON.stringify({ fireline: 'inputs', version: 1, startedAt: START, hosts: [] });
    const strict = [{ detector: 'logSurge', on: ['api'], values: { minimumPerSecond: 100 } }];
    expect((await replayLines([without, came, ...surge(40)], strict)).events).toEqual([]);
    const { events, result } = await replayLines([without, came, ...surge(40)]);
    expect(events).toHaveLength(1);
    expect(result.faults).toBe(0);
  });

  it('takes the patterns of the file, and closes what was quiet', async () => {
    const { events } = await replayLines([
      header,
      writeInput(logLine('FATAL one', START)),
      writeInput(logLine('quiet', START + 70_000)),
    ]);
    expect(events).toMatchObject([{ kind: 'log.matched', endedAt: START }]);
  });

  it('answers a question as it was answered, and goes on over lines that it cannot read', async () => {
    const holder = {
      identity: { bootId: 'b', pid: 76, startTicks: 5 },
      parentPid: 1,
      name: 'unicorn',
      command: 'unicorn master',
      startedAt: START - 86_400_000,
      listeningPorts: [8080],
      foundBy: 'the log names pid 76',
    };
    const refusals = Array.from({ length: 40 }, (_, n) =>
      writeInput(logLine('Already running on PID:76', START + n * 250)),
    );
    const answer = writeInput({
      kind: 'answer',
      host: web1,
      at: START + 1500,
      question: { id: 'respawn:9', kind: 'holder', pids: [76] },
      answer: { kind: 'processes', processes: [holder] },
    });
    const { events, result } = await replayLines([header, 'rubbish', ...refusals, answer]);
    expect(events).toMatchObject([{ kind: 'process.respawn_loop', detail: { staleHolder: { pid: 76 } } }]);
    expect(result.faults).toBe(1);
  });

  it('keeps next to nothing of what it reads: what is told comes before the rest is read', async () => {
    const told: string[] = [];
    let toldAtLast = 0;
    function* lines() {
      yield header;
      yield writeInput(logLine('FATAL one', START));
      for (let n = 1; n < 100; n++) yield writeInput(logLine('quiet', START + n * 1000));
      toldAtLast = told.length;
    }
    await replayInputs(lines, {
      thresholds: [],
      logs: [{ path: '/a.log', match: [{ pattern: 'FATAL', severity: 'critical' }] }],
      appliesTo: () => true,
      publish: (event) => told.push(event.kind),
      diagnostic: () => {},
    });
    expect(toldAtLast).toBeGreaterThan(0);
  });

  it('has no ticks where the workbench stood still, and is not told then that hosts were silent', async () => {
    const ticks: number[] = [];
    const lines = [
      header,
      writeInput(logLine('before', START)),
      writeInput({ kind: 'stood', host: web1, at: START + 26_500, from: START + 3500 }),
      writeInput(logLine('after', START + 29_000)),
    ];
    await replayInputs(() => lines, {
      thresholds: [],
      logs: [],
      appliesTo: () => true,
      publish: () => {},
      diagnostic: () => {},
      detectors: [
        {
          name: 'ticks',
          thresholds: {},
          takes: ['tick'],
          initial: () => undefined,
          reduce(_, __, { now }) {
            ticks.push((now - START) / 1000);
            return [];
          },
        },
      ],
    });
    expect(ticks).toEqual([1, 2, 3, 27, 28, 29]);
  });

  it('refuses what is no recording', async () => {
    await expect(replayLines(['{"version":3}'])).rejects.toThrow('not a recording');
  });
});
