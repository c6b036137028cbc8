import type { RunOptions, RunResult } from '../sessions/session.ts';
import type { Audit, ExecutionContext } from './audit.ts';
import { type Privilege, sudoRefusal } from './privilege.ts';

export interface ConfirmedRun extends Pick<RunOptions, 'timeoutMs' | 'maximumBytes'> {
  /** With what `withPrivilege` put before it. */
  argv: readonly string[];
  privilege: Privilege;
  /** What is not known when the link drops: `the service was restarted`. */
  effect: string;
}

/** The line of input that the password is, for a further command of the same confirmed plan; never recorded. */
export interface ConfirmedResult {
  ran: RunResult;
  input: Pick<RunOptions, 'stdin'>;
}

/**
 * Runs the command of a confirmed plan, after asking for sudo's password where it needs one. Undefined where nothing
 * came back or nothing was run: the audit has its conclusion by then.
 */
export async function runConfirmed(
  audit: Audit,
  { argv, privilege, effect, ...bounds }: ConfirmedRun,
  context: ExecutionContext,
): Promise<ConfirmedResult | undefined> {
  const { plan } = audit.record;
  const input = await inputOf(audit, privilege, context);
  if (!input) return undefined;
  const session = context.sessionOf(plan.host);
  if (!session) {
    audit.concludeFailure({ kind: 'not_connected', reason: 'the host is not open any more' }, effect);
    return undefined;
  }
  const result = await session.run(argv, { purpose: 'remediation', ...bounds, ...input });
  if (!result.ok) {
    audit.concludeFailure(result.error, effect);
    return undefined;
  }
  const refused = privilege === 'none' ? undefined : sudoRefusal(result.value);
  if (refused === undefined) return { ran: result.value, input };
  audit.add({ output: result.value.stderr, exitCode: 1 });
  audit.step('guard', 'failed', `Nothing was run: ${refused}`);
  audit.conclude('refused', `nothing was run: ${refused}`);
  return undefined;
}

async function inputOf(
  audit: Audit,
  privilege: Privilege,
  context: ExecutionContext,
): Promise<ConfirmedResult['input'] | undefined> {
  if (privilege !== 'sudoWithPassword') return {};
  const guard = audit.record.steps.find((one) => one.name === 'guard');
  audit.step('guard', 'running', 'Waiting for sudo’s password');
  context.publishRecord(audit.record);
  const password = await context.askPassword(audit.record.plan);
  if (password === undefined) {
    audit.step('guard', 'failed', 'Nothing was run: no password was given');
    audit.conclude('refused', 'no password was given: nothing was run. Plan it again to be asked again.');
    return undefined;
  }
  audit.step('guard', 'running', guard?.text ?? 'Checking on the host');
  context.publishRecord(audit.record);
  return { stdin: passwordLine(password) };
}

/** One line: what follows it would be read as a second attempt. */
export function passwordLine(password: string): string {
  return `${password.split('\n')[0] ?? ''}\n`;
}
