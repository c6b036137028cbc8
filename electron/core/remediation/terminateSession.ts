import { visibleText } from '../../../shared/model/hostText.ts';
import type {
  PlanText,
  RemediationPlan,
  RemediationRecord,
  TerminateSessionArguments,
} from '../../../shared/model/remediation.ts';
import { awsFailure } from '../transports/ssm/awsFailure.ts';
import { listSessions } from '../transports/ssm/listSessions.ts';
import { type ExecutionContext, openAudit } from './audit.ts';
import type { AwsHost } from './controlHost.ts';

type TerminatePlan = Extract<RemediationPlan, { action: 'aws.terminate_session' }>;
type Words = Omit<PlanText, 'id' | 'host' | 'createdAt' | 'event'>;

/** The session must be one of this host's: what a window asks for is looked up, not believed. */
export async function planTerminate(
  { sessionId }: TerminateSessionArguments,
  { spec, aws }: AwsHost,
): Promise<Words> {
  const words: Words = {
    title: `End session ${visibleText(sessionId, 100)}`,
    command: `TerminateSession ${JSON.stringify({ SessionId: sessionId })}`,
    touches: [],
    needs: 'The permission ssm:TerminateSession for it.',
    verification: 'AWS is asked whether it is still among the active sessions.',
  };
  try {
    const session = (await listSessions(spec, aws)).find((one) => one.id === sessionId);
    if (!session) return { ...words, refusal: 'It is no active session of this host.' };
    const started =
      session.startedAt === undefined
        ? ''
        : `, since ${new Date(session.startedAt).toISOString().slice(0, 19)}Z`;
    return {
      ...words,
      touches: [
        `It is ${visibleText(session.owner, 200)}’s, by ${visibleText(session.document, 80)}${started}.`,
        'Its shell ends; what was started in it and ignores a hang-up stays.',
      ],
    };
  } catch (error) {
    const { reason, advice } = awsFailure(error, 'list the sessions');
    return { ...words, refusal: `${reason}. ${advice}` };
  }
}

export async function executeTerminate(
  plan: TerminatePlan,
  host: AwsHost,
  context: ExecutionContext,
): Promise<RemediationRecord> {
  const { sessionId } = plan.arguments;
  const audit = openAudit(plan, 'Asking AWS whether the session still stands', context);
  const { step, conclude } = audit;
  try {
    if (!(await isActive(sessionId, host))) {
      step('guard', 'failed', 'It has ended already');
      conclude('refused', 'it has ended already. Nothing was asked for.');
      return await audit.finish();
    }
    step('guard', 'done', 'It still stands');
    const { TerminateSessionCommand } = await import('@aws-sdk/client-ssm');
    const answer = await (await host.aws.ssm()).send(new TerminateSessionCommand({ SessionId: sessionId }));
    const requestId = answer.$metadata.requestId ?? 'unknown';
    audit.add({ output: `accepted, request ${requestId}` });
    step('execute', 'done', `AWS accepted it (request ${requestId})`);
  } catch (error) {
    const failure = awsFailure(error, `end the session ${sessionId}`);
    step('execute', 'failed', failure.reason);
    audit.add({
      output: `${failure.code}${failure.requestId === undefined ? '' : `, request ${failure.requestId}`}`,
    });
    conclude('failed', `${failure.reason}. ${failure.advice}`);
    return await audit.finish();
  }
  const stands = await isActive(sessionId, host).catch(() => undefined);
  step(
    'verify',
    stands === false ? 'done' : 'unknown',
    stands === false ? 'It is gone' : 'It is still listed',
  );
  if (stands === false) conclude('succeeded', 'it has ended.');
  else conclude('unknown', 'AWS accepted it, and still lists it. Verify it.');
  return await audit.finish();
}

export async function verifyTerminate(
  { sessionId }: TerminateSessionArguments,
  host: AwsHost,
): Promise<{ helped: boolean; verdict: string }> {
  const stands = await isActive(sessionId, host);
  return { helped: !stands, verdict: stands ? 'The session still stands.' : 'The session has ended.' };
}

async function isActive(sessionId: string, { spec, aws }: AwsHost): Promise<boolean> {
  return (await listSessions(spec, aws)).some((one) => one.id === sessionId);
}
