import { expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { Emitter } from '../../../shared/base/emitter.ts';
import { ok } from '../../../shared/base/result.ts';
import type { ChannelExit, ExecChannel } from '../transports/transport.ts';
import { runChannel } from './runChannel.ts';

test('what was said until time was up is kept', async () => {
  const clock = new ManualClock(0);
  const output = new Emitter<Uint8Array>();
  const nothing = () => {};
  const channel: ExecChannel = {
    onOutput: output.event,
    onErrorOutput: new Emitter<Uint8Array>().event,
    onExit: new Emitter<ChannelExit>().event,
    write: nothing,
    end: nothing,
    pause: nothing,
    resume: nothing,
    dispose: nothing,
  };
  const ran = runChannel(clock, { purpose: 'a look', timeoutMs: 1000, maximumBytes: 8 }, async () =>
    ok(channel),
  );
  await Promise.resolve();
  await Promise.resolve();
  output.fire(Buffer.from('it said this much'));
  clock.advance(1000);
  expect(await ran).toEqual({
    ok: false,
    error: {
      kind: 'timeout',
      reason: 'a look did not end within 1 s',
      soFar: { stdout: 'it said ', stderr: '', truncated: true },
    },
  });
});
