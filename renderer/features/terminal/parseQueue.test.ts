import { expect, test } from 'vitest';
import { createParseQueue } from './parseQueue.ts';

function testQueue() {
  const tasks: (() => void)[] = [];
  let time = 0;
  const timers: { at: number; run: () => void }[] = [];
  const queue = createParseQueue<ReturnType<typeof source>>({
    later: (run) => tasks.push(run),
    after: (milliseconds, run) => timers.push({ at: time + milliseconds, run }),
    now: () => time,
  });
  const order: string[] = [];
  const parsers: (() => void)[] = [];
  function source(name: string, urgent = false) {
    return {
      name,
      urgent,
      bytes: 0,
      write(bytes: Uint8Array, done: () => void) {
        order.push(name);
        this.bytes += bytes.length;
        parsers.push(done);
      },
    };
  }
  return {
    queue,
    order,
    source,
    pass(milliseconds: number) {
      time += milliseconds;
      for (const due of timers.filter(({ at }) => at <= time)) {
        timers.splice(timers.indexOf(due), 1);
        due.run();
      }
    },
    /** Lets tasks and parsers run until nothing is left, or `most` pieces are through. */
    run(most = Number.POSITIVE_INFINITY) {
      for (let pieces = 0; pieces < most && tasks.length + parsers.length > 0; ) {
        const parser = parsers.shift();
        if (parser) {
          pieces++;
          parser();
        } else tasks.shift()?.();
      }
    },
  };
}

const kilobytes = (count: number) => new Uint8Array(count * 1024);

test('floods take turns, a piece each, and every byte is parsed and told', () => {
  const { queue, order, source, run } = testQueue();
  const [a, b] = [source('a'), source('b')];
  const told = { a: 0, b: 0 };
  const lasts: boolean[] = [];
  queue.add(a, kilobytes(150), (count, last) => {
    told.a += count;
    lasts.push(last);
  });
  queue.add(b, kilobytes(130), (count) => (told.b += count));
  run();
  expect(lasts).toEqual([false, false, true]);
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(told).toEqual({ a: 150 * 1024, b: 130 * 1024 });
  expect([a.bytes, b.bytes]).toEqual([150 * 1024, 130 * 1024]);
});

test('an echo waits for one piece at most, however much else waits', () => {
  const { queue, order, source, run } = testQueue();
  const floods = ['a', 'b', 'c'].map((name) => source(name));
  for (const flood of floods) queue.add(flood, kilobytes(1000), () => {});
  run(4);
  const before = order.length;
  queue.add(source('typed', true), new Uint8Array(1), () => {});
  run(2);
  expect(order.slice(before)).toContain('typed');
});

test('an echo into a quiet window is parsed at once', () => {
  const { queue, order, source } = testQueue();
  queue.add(source('typed', true), new Uint8Array(1), () => {});
  expect(order).toEqual(['typed']);
});

test('while a person types, floods elsewhere have a piece now and then, what is short does not wait, and nothing is lost', () => {
  const { queue, order, source, run, pass } = testQueue();
  const [flood, typed, short] = [source('flood'), source('typed', true), source('short')];
  let told = 0;
  queue.add(flood, kilobytes(640), (count) => (told += count));
  run(1);
  queue.typed();
  run();
  expect(order).toEqual(['flood']);
  queue.add(typed, new Uint8Array(1), () => {});
  queue.add(short, kilobytes(1), () => {});
  run();
  expect(order).toEqual(['flood', 'typed', 'short']);
  pass(50);
  run();
  expect(order).toEqual(['flood', 'typed', 'short']);
  pass(10);
  run();
  expect(order).toEqual(['flood', 'typed', 'short', 'flood']);
  for (let n = 0; n < 6; n++) {
    pass(50);
    run();
  }
  expect(told).toBe(640 * 1024);
});

test('floods go on beside a key that is held down', () => {
  const { queue, order, source, run, pass } = testQueue();
  queue.add(source('flood'), kilobytes(640), () => {});
  run(1);
  for (let n = 0; n < 40; n++) {
    queue.typed();
    pass(30);
    run();
  }
  expect(order).toEqual(['flood', 'flood', 'flood']);
});

test('what waits for a screen that is gone is not parsed, and the others go on', () => {
  const { queue, order, source, run } = testQueue();
  const [gone, other] = [source('gone'), source('other')];
  queue.add(gone, kilobytes(500), () => {});
  queue.add(other, kilobytes(100), () => {});
  run(1);
  queue.forget(gone);
  run();
  expect(order).toEqual(['gone', 'other', 'other']);
});
