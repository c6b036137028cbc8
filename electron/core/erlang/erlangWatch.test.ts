import { expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { ok } from '../../../shared/base/result.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { RunOptions, Session } from '../sessions/session.ts';
import type { ErlangNode } from './erlangNode.ts';
import { watchErlang } from './erlangWatch.ts';

// As captured in inspectBeams.test.ts.
const ALONE = 'P 2457 2450 0 1738806 there\nE svcdbg 44373\nL 2457 AD55\n';
const JOINED = `P 2457 2450 0 1738806 there
P 2487 2486 34816 1738822 there
E debug9 45099
E svcdbg 44373
L 2457 AD55
L 2487 B02B
C 2457 AD55 0100007F D66A
C 2487 D66A 0100007F AD55
`;
const hex = [...'debug9@h'].map((c) => c.codePointAt(0)?.toString(16).padStart(6, '0')).join('');
const NAMED = `node svcdbg@h\n{ok, "${hex} hidden 127.0.0.1 54890;"}`;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function beam(pid: number, startTicks: number, name: string): Partial<ProcessRow> {
  return {
    pid,
    startTicks,
    parentPid: 1,
    name: 'beam.smp',
    command: `/usr/lib/erlang/erts-13.1.5/bin/beam.smp -- -root /usr/lib/erlang -- -noinput -sname ${name} -setcookie c`,
  };
}

/** A host whose looks print `beams`, and whose nodes answer when they are told to. */
function watched() {
  const clock = new ManualClock(0);
  const told: ErlangNode[][] = [];
  const host = { beams: ALONE, asked: 0, answer: (_: string) => {} };
  const run = async (argv: readonly string[], { purpose }: RunOptions) => {
    const result = { stderr: '', exitCode: 0, truncated: false };
    if (purpose === 'look at Erlang nodes') return ok({ ...result, stdout: host.beams });
    // The debug node lets nobody in.
    if (argv.includes('2487')) return ok({ ...result, stdout: '' });
    host.asked++;
    return ok({ ...result, stdout: await new Promise<string>((resolve) => (host.answer = resolve)) });
  };
  const table = [beam(2457, 1738806, 'svcdbg'), beam(2487, 1738822, 'debug9')];
  const watch = watchErlang({
    session: { link: { kind: 'good', since: 0 }, run } as unknown as Session,
    clock,
    latestSample: () => ({ bootId: 'b', table }) as unknown as Sample,
    onNodes: (nodes) => told.push(structuredClone(nodes)),
  });
  const second = async (count = 1) => {
    for (let n = 0; n < count * 10; n++) {
      clock.advance(100);
      await settle();
    }
  };
  const peers = () =>
    told
      .at(-1)
      ?.find((node) => node.name === 'svcdbg')
      ?.peers.map((p) => p.name ?? p.key);
  return { host, told, watch, second, peers };
}

test('a node that joins is told before a slow answer names it, and named when it comes', async () => {
  const { host, watch, second, peers, told } = watched();
  await second(3);
  expect(peers()).toEqual([]);
  host.beams = JOINED;
  // The look is at four seconds, and six tenths of one are patience.
  await second(1.5);
  expect(peers()).toEqual([]);
  await second(0.2);
  expect(peers()).toEqual(['127.0.0.1:54890']);
  host.answer(NAMED);
  await second();
  expect(peers()).toEqual(['debug9@h']);
  expect(told.length).toBeLessThan(6);
  watch.dispose();
});

test('who left needs no name: nobody is asked', async () => {
  const { host, watch, second, peers } = watched();
  await second(3);
  host.beams = JOINED;
  await second(3);
  host.answer(NAMED);
  await second(3);
  expect([peers(), host.asked]).toEqual([['debug9@h'], 1]);
  host.beams = ALONE;
  await second(2);
  expect([peers(), host.asked]).toEqual([[], 1]);
  watch.dispose();
});

test('what was there at the first look waits for its names', async () => {
  const { host, watch, second, peers, told } = watched();
  host.beams = JOINED;
  await second(5);
  expect(told.flat().filter((node) => node.name === 'svcdbg')).toEqual([]);
  host.answer(NAMED);
  await second();
  expect(peers()).toEqual(['debug9@h']);
  watch.dispose();
});
