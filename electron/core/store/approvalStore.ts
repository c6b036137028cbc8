import { join } from 'node:path';
import { z } from 'zod';
import { readPrivateJson, writePrivateJson } from './privateFile.ts';

const schema = z.record(
  z.string().regex(/^[0-9a-f]{64}$/),
  z.object({ path: z.string(), approvedAt: z.number() }),
);

/**
 * Which workspace files this user allows to run their commands, by the SHA-256 of their content: another byte, another
 * approval. A damaged file approves nothing.
 */
export class ApprovalStore {
  readonly #file: string;

  constructor(dataDirectory: string) {
    this.#file = join(dataDirectory, 'approvals.json');
  }

  isApproved(contentHash: string): boolean {
    return Object.hasOwn(this.#read(), contentHash);
  }

  approve(contentHash: string, path: string, approvedAt: number): void {
    writePrivateJson(this.#file, { ...this.#read(), [contentHash]: { path, approvedAt } });
  }

  #read(): z.infer<typeof schema> {
    const read = schema.safeParse(readPrivateJson(this.#file));
    return read.success ? read.data : {};
  }
}
