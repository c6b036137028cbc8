import { failure } from '../../../shared/contract/errors.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type {
  DisconnectNodeArguments,
  PlanText,
  RemediationPlan,
  RemediationRecord,
} from '../../../shared/model/remediation.ts';
import { atomSource, type CallAnswer, callNode, readAnswer } from '../erlang/callNode.ts';
import type { RunOptions, Session } from '../sessions/session.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { type ExecutionContext, openAudit, wait } from './audit.ts';
import type { Looker } from './look.ts';
import { type Privilege, sudoWords, withPrivilege } from './privilege.ts';
import { runConfirmed } from './runConfirmed.ts';

type DisconnectPlan = Extract<RemediationPlan, { action: 'erlang.disconnect_node' }>;
type Words = Omit<PlanText, 'id' | 'host' | 'createdAt' | 'event'>;

interface On {
  host: HostId;
  session: Pick<Session, 'run'>;
  look: Looker;
  signal: AbortSignal;
}

/** How the service is asked: as ourselves, or as root where it is another user's. */
export interface Way {
  privilege: Privilege;
  /** The password's line, where there is one. */
  input: Pick<RunOptions, 'stdin'>;
}
const AS_OURSELVES: Way = { privilege: 'none', input: {} };

const RUN_MS = 15_000;
/** It is called away when it stayed away so long: the next message to it would have brought it back. */
const STAYS_AWAY_MS = 10_000;

/** Reads who is connected; changes nothing. */
export async function planDisconnect(
  args: DisconnectNodeArguments,
  on: On,
): Promise<{ words: Words; argv: string[]; privilege: Privilege }> {
  const node = visibleText(args.node, 120);
  const question = `{lists:member(${atomSource(args.node)}, nodes(connected)), length(nodes(connected)) - 1}`;
  let answer = await ask(on, args, question, AS_OURSELVES);
  const denied = answer.kind === 'refused' && answer.denied;
  const { privilege = 'none' } = denied ? await on.look.privilege() : {};
  if (privilege === 'sudo') answer = await ask(on, args, question, { privilege, input: {} });
  const argv = withPrivilege(
    privilege,
    callNode(
      args.service,
      disconnectSource(args),
      `${args.keepOut ? 'keep out' : 'disconnect'} the node ${node}`,
    ),
  );
  const words: Words = {
    title: args.keepOut ? `Keep out ${node}` : `Disconnect ${node}`,
    command: quoteCommand(argv),
    touches: [],
    needs: `To run as the service’s user or as root: name and cookie are read on the host, from the process itself.${denied ? ` This account is neither. ${sudoWords(privilege === 'none' ? undefined : privilege)}` : ''}`,
    verification: `The service is asked again after ${STAYS_AWAY_MS / 1000} s whether ${node} stayed away. Afterwards busy CPU of the ten seconds before and after is compared.`,
  };
  const refused = (refusal: string) => ({ argv, privilege, words: { ...words, refusal } });
  const touching = (cut: string) => ({
    argv,
    privilege,
    words: { ...words, touches: [cut, ...consequencesOf(node, args)] },
  });
  if (privilege === 'sudoWithPassword')
    return touching(
      `Who is connected to pid ${args.service.pid} cannot be seen before sudo has its password: if ${node} is, that connection is cut.`,
    );
  if (answer.kind !== 'ok') return refused(`It cannot be done: ${answer.reason}.`);
  const [, connected, others = '0'] = /^\{(true|false), (\d+)\}$/.exec(answer.value) ?? [];
  const service = visibleText(answer.node, 120);
  if (connected !== 'true' && !args.keepOut)
    return refused(`${node} is not connected to ${service} any more.`);
  const rest = Math.max(0, Number(others) - 1);
  const stay =
    rest === 0
      ? 'no other node is connected'
      : `${rest} other connection${rest === 1 ? '' : 's'} stay${rest === 1 ? 's' : ''}`;
  return touching(`Node ${service} (pid ${args.service.pid}): its connection to ${node} is cut; ${stay}.`);
}

function consequencesOf(node: string, { keepOut }: DisconnectNodeArguments): string[] {
  return [
    'Processes that monitor or link across it are told that the node went down; work it had in hand there fails.',
    `The operating-system process of ${node} is not ended: it may connect again.`,
    ...(keepOut
      ? [`The service gets another cookie for ${node} alone, until it restarts: that node cannot come back.`]
      : []),
  ];
}

export async function executeDisconnect(
  plan: DisconnectPlan,
  { argv, privilege }: Pick<Awaited<ReturnType<typeof planDisconnect>>, 'argv' | 'privilege'>,
  look: Looker,
  context: ExecutionContext,
): Promise<RemediationRecord> {
  const { node } = plan.arguments;
  const shown = visibleText(node, 120);
  const audit = openAudit(plan, 'Checking on the host that it is still the same service', context);
  const { step, conclude } = audit;
  const confirmed = { argv, privilege, effect: 'the node was disconnected', timeoutMs: RUN_MS };
  const done = await runConfirmed(audit, confirmed, context);
  if (!done) return await audit.finish();
  const answer = readAnswer(done.ran);
  const { exitCode, stdout } = done.ran;
  audit.add({ output: stdout, ...(exitCode === undefined ? {} : { exitCode }) });
  if (answer.kind === 'refused') {
    step('guard', 'failed', `${answer.reason}: nothing was run`);
    conclude('refused', `${answer.reason}. Nothing was run.`);
    return await audit.finish();
  }
  step('guard', 'done', 'It was still the same process, checked in the command that ran');
  if (answer.kind === 'late') {
    step('execute', 'unknown', `Whether ${shown} was disconnected is not known: ${answer.reason}`);
    conclude('unknown', `${answer.reason}, and may do it yet: what it did is not known. Verify it.`);
    return await audit.finish();
  }
  if (answer.kind === 'failed') {
    step('execute', 'failed', answer.reason);
    conclude('failed', `${answer.reason}.`);
    return await audit.finish();
  }
  step('execute', 'done', `erlang:disconnect_node answered ${answer.value}`);
  step('verify', 'running', `Waiting ${STAYS_AWAY_MS / 1000} s, then asking whether it stayed away`);
  context.publishRecord(audit.record);
  await wait(context.clock, STAYS_AWAY_MS, context.ended);
  const session = context.sessionOf(plan.host);
  const on = session && { host: plan.host, session, look, signal: context.ended };
  const after = on && (await isConnected(on, plan.arguments, { privilege, input: done.input }));
  if (after === undefined) {
    step('verify', 'unknown', 'The service could not be asked again');
    conclude('unknown', 'it was disconnected; whether it stayed away is not known. Verify it.');
  } else if (after) {
    step('verify', 'failed', `${shown} is connected again`);
    audit.add({ offers: offersAfterReturn(plan) });
    conclude(
      'failed',
      `it was disconnected, and it came back within ${STAYS_AWAY_MS / 1000} s. Keep it out, or end its process.`,
    );
  } else {
    step('verify', 'done', `${shown} stayed away for ${STAYS_AWAY_MS / 1000} s`);
    conclude('succeeded', `it is disconnected, and stayed away for ${STAYS_AWAY_MS / 1000} s.`);
  }
  return await audit.finish();
}

/** For an outcome that is not known. */
export async function verifyDisconnect(
  args: DisconnectNodeArguments,
  on: On,
  way: Way,
): Promise<{ helped: boolean; verdict: string }> {
  const connected = await isConnected(on, args, way);
  const node = visibleText(args.node, 120);
  if (connected === undefined)
    throw failure(
      'not_connected',
      `The service on ${on.host} could not be asked.`,
      'Try again when it can be reached.',
    );
  return connected
    ? { helped: false, verdict: `${node} is connected: plan it again.` }
    : { helped: true, verdict: `${node} is not connected.` };
}

function offersAfterReturn(plan: DisconnectPlan): NonNullable<RemediationRecord['offers']> {
  const { process: orphan, ...args } = plan.arguments;
  const node = visibleText(args.node, 60);
  return [
    ...(args.keepOut
      ? []
      : [
          {
            action: 'erlang.disconnect_node' as const,
            label: `Keep ${node} out…`,
            host: plan.host,
            arguments: { ...args, keepOut: true },
          },
        ]),
    ...(orphan
      ? [
          {
            action: 'process.kill' as const,
            label: `Kill its process, pid ${orphan.pid}…`,
            host: plan.host,
            arguments: { target: orphan, signal: 'TERM' as const },
          },
        ]
      : []),
  ];
}

/** The random cookie is made there, and nobody knows it. */
function disconnectSource({ node, keepOut }: DisconnectNodeArguments): string {
  const bar = keepOut
    ? 'erlang:set_cookie(N, list_to_atom(integer_to_list(rand:uniform(1000000000000000000), 36))), '
    : '';
  return `N = ${atomSource(node)}, ${bar}erlang:disconnect_node(N)`;
}

async function isConnected(on: On, args: DisconnectNodeArguments, way: Way): Promise<boolean | undefined> {
  const answer = await ask(on, args, `lists:member(${atomSource(args.node)}, nodes(connected))`, way);
  return answer.kind === 'ok' ? answer.value === 'true' : undefined;
}

async function ask(
  on: On,
  args: DisconnectNodeArguments,
  expression: string,
  { privilege, input }: Way,
): Promise<CallAnswer> {
  const result = await on.session.run(withPrivilege(privilege, callNode(args.service, expression)), {
    purpose: 'ask an Erlang node',
    timeoutMs: RUN_MS,
    signal: on.signal,
    ...input,
  });
  return result.ok ? readAnswer(result.value) : { kind: 'failed', reason: result.error.reason };
}
