import type { EcsSpec, SsmSpec } from '../../../../shared/model/workspace.ts';
import type { AwsAccess } from './awsAccess.ts';

/** How long a session may last, milliseconds. */
export interface SessionLimits {
  idleMs: number;
  /** Absent: without end. */
  longestMs?: number;
  /** False where the account's preferences could not be read: these are AWS's own. */
  known: boolean;
}

/** Session Manager's default, and ECS Exec's only one. */
const IDLE_MS = 20 * 60_000;

/** Of the account's preferences document, which says minutes as text. */
export async function readSessionLimits(spec: SsmSpec | EcsSpec, aws: AwsAccess): Promise<SessionLimits> {
  if (spec.kind === 'ecs') return { idleMs: IDLE_MS, known: true };
  try {
    const { GetDocumentCommand } = await import('@aws-sdk/client-ssm');
    const answer = await (await aws.ssm()).send(
      new GetDocumentCommand({ Name: 'SSM-SessionManagerRunShell' }),
    );
    const { inputs = {} } = JSON.parse(answer.Content ?? '{}') as {
      inputs?: { idleSessionTimeout?: unknown; maxSessionDuration?: unknown };
    };
    const idle = minutes(inputs.idleSessionTimeout);
    const longest = minutes(inputs.maxSessionDuration);
    return { idleMs: idle ?? IDLE_MS, known: true, ...(longest === undefined ? {} : { longestMs: longest }) };
  } catch {
    // An account that never set preferences has no such document; a permission may be missing.
    return { idleMs: IDLE_MS, known: false };
  }
}

function minutes(text: unknown): number | undefined {
  const value = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
  return Number.isFinite(value) && value >= 1 && value <= 1440 ? value * 60_000 : undefined;
}
