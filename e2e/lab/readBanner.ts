import { createConnection } from 'node:net';

/** The first bytes that a server sends by itself, or undefined when it refuses or says nothing within `withinMs`. */
export function readBanner(address: string, port: number, withinMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port });
    const end = (banner: string | undefined) => {
      socket.destroy();
      resolve(banner);
    };
    socket.setTimeout(withinMs, () => end(undefined));
    socket.on('error', () => end(undefined));
    socket.on('close', () => end(undefined));
    socket.on('data', (data) => end(data.toString('latin1')));
  });
}
