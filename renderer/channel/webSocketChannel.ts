import type { FrameChannel } from '../../shared/contract/wire.ts';

/** The web host's channel: same origin, `/channel`. Rejects if the socket does not open. */
export function openWebSocketChannel(place: Location = location): Promise<FrameChannel> {
  const address = new URL('/channel', place.href);
  address.protocol = place.protocol === 'https:' ? 'wss:' : 'ws:';
  address.search = '';
  address.hash = '';
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socketChannel(socket));
    socket.onerror = () => reject(new Error('the connection to Fireline could not be opened'));
    socket.onclose = () => reject(new Error('the connection to Fireline was refused'));
  });
}

function socketChannel(socket: WebSocket): FrameChannel {
  socket.onerror = null;
  socket.onclose = null;
  return {
    send(frame) {
      // A closing socket drops frames silently; the close event follows and the caller starts over.
      if (socket.readyState === WebSocket.OPEN) socket.send(frame as string | Uint8Array<ArrayBuffer>);
    },
    onFrame(listener) {
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
        listener(typeof data === 'string' ? data : new Uint8Array(data));
    },
    onClose(listener) {
      socket.onclose = listener;
    },
    close: () => socket.close(),
  };
}
