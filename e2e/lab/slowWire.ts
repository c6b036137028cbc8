import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A TCP wire to a host with a delay each way, and stalls as TCP shows a lost packet: what follows waits for it. It can
 * fall silent (nothing passes, nothing is refused), speak again with everything that waited, and be cut.
 */
export interface SlowWire {
  readonly address: string;
  readonly port: number;
  silence(): void;
  speak(): void;
  cut(): void;
  stop(): Promise<void>;
}

/** A lost packet is sent again after the kernel's least retransmission time. */
const RETRANSMISSION_MS = 200;

export async function startSlowWire(
  to: { address: string; port: number },
  options: { oneWayMs?: number; lossShare?: number } = {},
): Promise<SlowWire> {
  const { oneWayMs = 0, lossShare = 0 } = options;
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  let silent = false;
  // The same losses in every run.
  let seed = 1;
  const isLost = () => {
    seed = (seed * 48_271) % 0x7fffffff;
    return seed / 0x7fffffff < lossShare;
  };

  function carry(from: Socket, into: Socket): void {
    let free = 0;
    const queue: { due: number; data: Buffer | undefined }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const deliver = () => {
      timer = undefined;
      while (!silent && queue.length > 0 && (queue[0]?.due ?? 0) <= performance.now()) {
        const { data } = queue.shift() ?? {};
        if (data === undefined) into.end();
        else if (!into.write(data)) from.pause();
      }
      schedule();
    };
    const schedule = () => {
      const [first] = queue;
      if (timer !== undefined || first === undefined || silent) return;
      timer = setTimeout(deliver, Math.max(0, first.due - performance.now()));
    };
    const take = (data: Buffer | undefined) => {
      const due = Math.max(free, performance.now() + oneWayMs + (isLost() ? RETRANSMISSION_MS : 0));
      free = due;
      queue.push({ due, data });
      schedule();
    };
    from.on('data', take);
    from.on('end', () => take(undefined));
    into.on('drain', () => from.resume());
    waiting.add(schedule);
    from.on('close', () => {
      clearTimeout(timer);
      waiting.delete(schedule);
      if (!silent) into.destroy();
    });
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const host = connect({ host: to.address, port: to.port, allowHalfOpen: true });
    for (const socket of [client, host]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    carry(client, host);
    carry(host, client);
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: '127.0.0.1',
    port,
    silence() {
      silent = true;
    },
    speak() {
      silent = false;
      for (const schedule of waiting) schedule();
    },
    cut,
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
