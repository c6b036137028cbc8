import { expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { createRecordWriter } from './recordWriter.ts';

const event = (title: string): TimelineEvent => ({
  id: title as EventId,
  revision: 0,
  kind: 'note',
  severity: 'info',
  source: 'person',
  at: 0,
  seenAt: 0,
  clockOffsetMs: 0,
  title,
  detail: {},
  evidence: [],
  actions: [],
});

it('what a command printed is kept and shown without the secrets that its command lines name', () => {
  const kept: TimelineEvent[] = [];
  const shown: TimelineEvent[] = [];
  const writer = createRecordWriter({
    clock: new ManualClock(1_000),
    diagnostic: () => {},
    show: (one) => shown.push(one),
    store: { directory: '/record', putEvent: (one) => void kept.push(one) },
  });
  writer.publish({
    ...event('ps'),
    evidence: [
      {
        type: 'output',
        command: 'sh -c PGPASSWORD=hunter2 psql',
        text: '  12 app --db-password=hunter2 -p 80\n  14 beam.smp -setcookie QWERTY -name x\n  15 sleep 9',
      },
      { type: 'line', source: '/var/log/app.log', text: 'started with --token abc', at: 0 },
    ],
  });
  expect(kept).toEqual(shown);
  expect(kept[0]?.evidence).toEqual([
    {
      type: 'output',
      command: 'sh -c PGPASSWORD=… psql',
      text: '  12 app --db-password=… -p 80\n  14 beam.smp -setcookie … -name x\n  15 sleep 9',
    },
    // A log's line is what the log says.
    { type: 'line', source: '/var/log/app.log', text: 'started with --token abc', at: 0 },
  ]);
});

it('what comes while the disk is full is shown, and events are written when there is room', () => {
  const clock = new ManualClock(1_000);
  const onDisk: TimelineEvent[] = [];
  const shown: TimelineEvent[] = [];
  let full = false;
  const writer = createRecordWriter({
    clock,
    diagnostic: () => {},
    show: (event) => shown.push(event),
    store: {
      directory: '/record',
      putEvent(event) {
        if (full) throw new Error('database or disk is full');
        onDisk.push(event);
      },
    },
  });
  writer.publish(event('before'));
  full = true;
  writer.publish(event('while full'));
  writer.publish(event('while full too'));
  expect(shown.map((one) => one.title)).toEqual([
    'before',
    'The record could not be written: database or disk is full',
    'while full',
    'while full too',
  ]);
  full = false;
  clock.advance(7_000);
  expect(writer.write('samples', () => {})).toBe(true);
  expect(onDisk.map((one) => one.title)).toEqual([
    'before',
    'while full',
    'while full too',
    'The record could not be written: database or disk is full',
    expect.stringMatching(/^The record is written again after 7 s; events of that time are kept/),
  ]);
  expect(onDisk.at(-1)?.relatesTo).toBe(onDisk.at(-2)?.id);
  expect(onDisk.at(-2)?.endedAt).toBe(8_000);
});

it('of more events than wait in memory the first are lost, and it says how many', () => {
  const onDisk: TimelineEvent[] = [];
  let full = true;
  const writer = createRecordWriter({
    clock: new ManualClock(0),
    diagnostic: () => {},
    show: () => {},
    store: {
      directory: '/record',
      putEvent(event) {
        if (full) throw new Error('database or disk is full');
        onDisk.push(event);
      },
    },
  });
  for (let n = 0; n < 5_003; n++) writer.publish(event(`event ${n}`));
  full = false;
  writer.write('samples', () => {});
  expect(onDisk[0]?.title).toBe('event 3');
  expect(onDisk.at(-1)).toMatchObject({
    title: expect.stringContaining('3 events of that time, its first, are lost'),
    detail: { eventsLost: 3 },
  });
});
