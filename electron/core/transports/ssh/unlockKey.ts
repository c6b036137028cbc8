import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ParsedKey } from 'ssh2';
import { parseKey } from './keyFile.ts';

/**
 * Passphrases of OpenSSH's own form are made slow to guess, and ssh2 works them out in JavaScript: 0.3 s of CPU for a key
 * with ssh-keygen's defaults, 5 s for one made with `-a 300` (measured), in which no host would be heard. As text, not
 * as a file: it is the same wherever the core is bundled.
 */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { ssh2, text, passphrase } = workerData;
  const parsed = require(ssh2).utils.parseKey(Buffer.from(text), passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  parentPort.postMessage(key instanceof Error ? { fault: key.message } : { pem: key.getPrivatePEM() });
`;

/** The private key in a file that a passphrase locks, or why it stays locked. */
export async function unlockKey(text: Buffer, passphrase: string): Promise<ParsedKey | Error> {
  if (!text.includes('BEGIN OPENSSH PRIVATE KEY')) return parseKey(text, passphrase);
  const ssh2 = createRequire(import.meta.url).resolve('ssh2');
  const worker = new Worker(PROGRAM, { eval: true, workerData: { ssh2, text, passphrase }, execArgv: [] });
  const answer = await new Promise<{ pem: string } | { fault: string }>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve({ fault: error.message }));
  });
  await worker.terminate();
  return 'pem' in answer ? parseKey(Buffer.from(answer.pem)) : new Error(answer.fault);
}
