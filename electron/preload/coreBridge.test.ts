import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { connectToCore } from './coreBridge.ts';

describe('the bridge', () => {
  it('hands one end over and carries text and bytes on the other, and nothing else', async () => {
    const channel = new MessageChannel();
    let far: MessagePort | undefined;
    const bridge = await connectToCore<MessagePort>(channel, (port) => {
      far = port;
    });
    if (!far) throw new Error('nothing was handed over');
    const received: unknown[] = [];
    far.on('message', (message) => received.push(message));
    bridge.send('{"call":1}');
    bridge.send(new Uint8Array([1, 2]));
    bridge.send({ not: 'a frame' } as unknown as string);
    bridge.send('last');
    while (received.length < 3) await once(far, 'message');
    expect(received).toEqual(['{"call":1}', new Uint8Array([1, 2]), 'last']);

    const frames: unknown[] = [];
    const done = new Promise<void>((resolve) =>
      bridge.onFrame((frame) => {
        frames.push(frame);
        if (frame === 'end') resolve();
      }),
    );
    far.postMessage('{"event":"x"}');
    far.postMessage(42);
    far.postMessage('end');
    await done;
    expect(frames).toEqual(['{"event":"x"}', 'end']);

    const closed = new Promise<void>((resolve) => bridge.onClose(resolve));
    far.close();
    await closed;
    bridge.close();
  });
});
