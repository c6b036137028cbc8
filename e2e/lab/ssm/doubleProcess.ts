import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { doubleInstance } from './doubleAccount.ts';
import { type AwsDoubleOptions, startAwsDouble } from './startAwsDouble.ts';

/** What can be told to another process: everything but functions. */
export type DoubleProcessOptions = Omit<AwsDoubleOptions, 'clock' | 'shellFor' | 'account'>;

export const DOUBLE_INSTANCE = 'i-0123456789abcdef0';

export interface DoubleProcess {
  environment: Readonly<Record<string, string>>;
  /** `break`: every WebSocket is cut. `bye`: the hourly close. */
  tell(word: 'break' | 'bye'): void;
  stop(): Promise<void>;
}

/** The double with a processor of its own, as the service has: for measurements, and for long runs. */
export async function startDoubleProcess(options: DoubleProcessOptions = {}): Promise<DoubleProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(options)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  if (!child.stdout) throw new Error('the double has no standard output');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    environment: JSON.parse(line) as Record<string, string>,
    tell: (word) => void child.stdin?.write(`${word}\n`),
    async stop() {
      const gone = once(child, 'exit');
      child.stdin?.end();
      await gone;
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const double = await startAwsDouble({
    ...(JSON.parse(process.argv[2] ?? '{}') as DoubleProcessOptions),
    account: {
      instances: [doubleInstance(DOUBLE_INSTANCE)],
    },
  });
  process.stdout.write(`${JSON.stringify(double.service.environment)}\n`);
  const orders = createInterface({ input: process.stdin });
  orders.on('line', (word) => {
    if (word === 'break') double.agents.breakConnections();
    if (word === 'bye') double.agents.sayBye();
  });
  // It ends with the one who started it.
  orders.on('close', () => {
    double.dispose();
    process.exit(0);
  });
}
