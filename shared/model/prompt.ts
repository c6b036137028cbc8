import type { Brand } from '../base/brand.ts';
import type { HostId } from './host.ts';

export type PromptId = Brand<string, 'PromptId'>;

/**
 * A question that a connection needs answered. It names the host that asks and, behind a jump, the hop.
 * Answers are never written anywhere. Text from the server is hostile.
 */
export type Prompt = { id: PromptId; host: HostId; hop: string; askedAt: number } & (
  | { kind: 'passphrase'; keyPath: string; retry: boolean }
  | { kind: 'password'; user: string; retry: boolean }
  /** Ours, not the server's: for what was confirmed, in the plan's own words. */
  | { kind: 'sudoPassword'; plan: string }
  | {
      kind: 'keyboardInteractive';
      name: string;
      instructions: string;
      questions: { text: string; echo: boolean }[];
    }
  /** Nothing is answered here: it is withdrawn when the browser is done, and can be cancelled. Epoch ms. */
  | { kind: 'browserSignIn'; url: string; userCode: string; expiresAt: number }
  | {
      kind: 'hostKey';
      address: string;
      keyType: string;
      fingerprint: string;
      knownHostsFile: string;
      note?: string;
    }
);

/** One answer a question, in order; for a host key `['yes']`. `null` cancels. */
export type PromptAnswer = string[] | null;
