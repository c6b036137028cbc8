import { join } from 'node:path';
import { z } from 'zod';
import { readPrivateJson, writePrivateJson } from './privateFile.ts';

/**
 * Which workspace files this user allows to run their commands, by the SHA-256 of their content: another byte, another
 * approval.
 */
export interface ApprovalStore {
  isApproved(contentHash: string): boolean;
  approve(contentHash: string): void;
}

const schema = z.array(z.string().regex(/^[0-9a-f]{64}$/));

/** Kept in `approvals.json`, read anew each time: another Fireline may have written it. A damaged file approves nothing. */
export function approvalStore(dataDirectory: string): ApprovalStore {
  const file = join(dataDirectory, 'approvals.json');
  const read = () => {
    const parsed = schema.safeParse(readPrivateJson(file));
    return parsed.success ? parsed.data : [];
  };
  return {
    isApproved: (contentHash) => read().includes(contentHash),
    approve(contentHash) {
      const approved = read();
      if (!approved.includes(contentHash)) writePrivateJson(file, [...approved, contentHash]);
    },
  };
}
