import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSshTestBed, output } from './sshTestBed.ts';
import { startTestSshd, type TestSshd } from './testSshd.ts';

let sshd: TestSshd;
beforeAll(async () => {
  // A rekey for every 64 KiB: the keys of the first exchange must not be all that is looked after.
  sshd = await startTestSshd(['RekeyLimit 64K']);
});
afterAll(() => sshd.stop());

it.each(['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'])(
  'what comes over %s is whole, through many new keys',
  async (cipher) => {
    const bed = createSshTestBed(sshd);
    bed.configure(`Ciphers ${cipher}`);
    try {
      const text = await output(await bed.connect(), 'seq 1 120000');
      expect(text).toBe(`${Array.from({ length: 120_000 }, (_, n) => `${n + 1}\n`).join('')}0`);
    } finally {
      bed.close();
    }
  },
);
