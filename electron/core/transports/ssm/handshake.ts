import { z } from 'zod';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';

/** The version of the official client whose behaviour ours has: what agents decide by. */
export const CLIENT_VERSION = '1.2.764.0';

export interface HandshakeRequest {
  agentVersion: string;
  actions: { type: string; parameters: Readonly<Record<string, unknown>> }[];
}

/** `ActionStatus` of one requested action. */
export const ACTION_STATUS = { success: 1, failed: 2, unsupported: 3 } as const;

export interface ProcessedAction {
  ActionType: string;
  ActionStatus: (typeof ACTION_STATUS)[keyof typeof ACTION_STATUS];
  ActionResult: unknown;
  Error: string;
}

const requestSchema = z.object({
  AgentVersion: z.string().max(64),
  RequestedClientActions: z
    .array(
      z.object({
        ActionType: z.string().max(64),
        ActionParameters: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .max(16),
});

const completeSchema = z.object({
  HandshakeTimeToComplete: z.number().optional(),
  CustomerMessage: z.string().max(10_000).nullish(),
});

/** Payload type 5. */
export function readHandshakeRequest(payload: Uint8Array): Result<HandshakeRequest, string> {
  const read = readJson(payload, requestSchema);
  if (!read.ok) return fail(`the agent's handshake request cannot be read: ${read.error}`);
  return ok({
    agentVersion: read.value.AgentVersion,
    actions: read.value.RequestedClientActions.map((action) => ({
      type: action.ActionType,
      parameters: action.ActionParameters ?? {},
    })),
  });
}

/** Payload type 6. */
export function writeHandshakeResponse(actions: readonly ProcessedAction[]): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      ClientVersion: CLIENT_VERSION,
      ProcessedClientActions: actions,
      Errors: actions.map((a) => a.Error).filter((error) => error !== ''),
    }),
  );
}

/** Payload type 7. The message is the account owner's, for whoever opens a session. */
export function readHandshakeComplete(payload: Uint8Array): Result<{ customerMessage: string }, string> {
  const read = readJson(payload, completeSchema);
  return read.ok
    ? ok({ customerMessage: read.value.CustomerMessage ?? '' })
    : fail(`the end of the agent's handshake cannot be read: ${read.error}`);
}

function readJson<Value>(payload: Uint8Array, schema: z.ZodType<Value>): Result<Value, string> {
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
    return parsed.success
      ? ok(parsed.data)
      : fail(parsed.error.issues[0]?.message ?? 'not what was expected');
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** Versions as the agent compares them: by number, part by part. Negative when `a` is the older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) =>
    version.split('.').map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let at = 0; at < 4; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
