import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';

/** An SSH server that lets nobody in, and asks first: by its own words, then for the password. */
export interface HostileDoor {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startHostileDoor(words: string): Promise<HostileDoor> {
  const connections = new Set<ssh2.Connection>();
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private;
  const server = new ssh2.Server({ hostKeys: [hostKey], banner: words }, (client) => {
    connections.add(client);
    client.on('close', () => connections.delete(client));
    // Who is refused hangs up as it likes.
    client.on('error', () => {});
    client.on('authentication', (asked) => {
      if (asked.method === 'password') asked.reject([]);
      else if (asked.method === 'keyboard-interactive')
        asked.prompt(
          [
            { prompt: words, echo: false },
            { prompt: `${words} again`, echo: true },
          ],
          words,
          `${words}\n${words}`,
          () => asked.reject(['password']),
        );
      else asked.reject(['keyboard-interactive']);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const client of connections) client.end();
      await closed;
    },
  };
}
