import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { HostFacts, HostId } from '../../../shared/model/host.ts';
import type {
  KillArguments,
  PlanId,
  RemediationPlan,
  RemediationRecord,
  RemediationRequest,
} from '../../../shared/model/remediation.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { Runbook } from '../../../shared/model/workspace.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import type { Prompter } from '../sessions/prompter.ts';
import type { Session } from '../sessions/session.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import type { RecordStore } from '../store/store.types.ts';
import { askSudoPassword } from './askSudoPassword.ts';
import type { ExecutionContext } from './audit.ts';
import { type AwsHostOf, executeControl, planControl, verifyControl } from './controlHost.ts';
import { executeDisconnect, planDisconnect, verifyDisconnect, type Way } from './disconnectNode.ts';
import { executeKill } from './executeKill.ts';
import { executeScript, scriptCommand } from './hostScript.ts';
import { isTarget, planKill, refusalOf, WAIT_MS, whatItIsNow } from './killPlan.ts';
import { createLooker } from './look.ts';
import { needsOwner, privilegeOf } from './privilege.ts';
import { processKey } from './processActions.ts';
import { descendantsOf } from './processTree.ts';
import { outcomeEvent } from './remediationEvents.ts';
import { passwordLine } from './runConfirmed.ts';
import type { ActionHost } from './scriptAction.ts';
import { type ScriptRequest, scriptActionOf } from './scriptActions.ts';
import { settleInterrupted } from './settleInterrupted.ts';
import { settleWhenBack } from './settleWhenBack.ts';
import { executeTerminate, planTerminate, verifyTerminate } from './terminateSession.ts';

/**
 * plan → confirm → intent on record → guard and signal in one command → verified → result on record.
 * Refuses by throwing a declared failure (`not_found`, `not_connected`, `refused`, `storage`).
 */
export interface RemediationService extends Disposable {
  /** Reads the host, changes nothing. A plan with `refusal` cannot be executed. It holds for five minutes. */
  plan(args: { host: HostId; request: RemediationRequest; event?: EventId }): Promise<RemediationPlan>;
  /** Once a plan. Resolves with the finished record, some ten seconds after the process went. */
  execute(plan: PlanId): Promise<RemediationRecord>;
  /** Looks again where the outcome was `unknown`; other records come back as they are. */
  verify(plan: PlanId): Promise<RemediationRecord>;
}

export interface RemediationOptions {
  sessionOf: (host: HostId) => Pick<Session, 'run' | 'onConnected'> | undefined;
  /** The AWS resource behind a host; undefined where there is none. */
  awsHostOf: AwsHostOf;
  /** The workspace's own, that this host may run. */
  runbooksOf: (host: HostId) => readonly Runbook[];
  /** Who is asked for sudo's password. */
  prompter: Prompter;
  latestSample: (host: HostId) => Sample | undefined;
  facts: (host: HostId) => HostFacts | undefined;
  store: Pick<RecordStore, 'putRemediation' | 'readRemediation' | 'readRemediations' | 'readEvents'>;
  clock: Clock;
  /** Who confirms: `anna@laptop`. */
  actor: string;
  /** Commits and tells the windows. */
  publishEvent: (event: TimelineEvent) => void;
  publishRecord: (record: RemediationRecord) => void;
  /** Mean busy cores of the window, epoch ms; undefined where nothing was sampled. */
  cpuBusy: (host: HostId, from: number, to: number) => number | undefined;
  diagnostic: (line: string) => void;
  /** One sentence on what became of the event, when it is known; default: whether the record shows it ended. */
  effect?: (event: EventId) => Promise<string | undefined>;
}

const PLAN_HOLDS_MS = 5 * 60_000;
const MOST_PLANS = 200;
/** After an end of the workbench: what it had begun is over by then. */
const INTERRUPTED_MAY_RUN_MS = 2 * 60_000;

interface Planned {
  plan: RemediationPlan;
  /** Only one plan on a target is carried out at a time. */
  target: string;
  /** An outcome that is not known is looked at again so long after the confirmation, once the link is back. */
  settlesAfterMs?: number;
  execute(context: ExecutionContext): Promise<RemediationRecord>;
  executed: boolean;
  /** By the clock that nobody steps. */
  madeAt: number;
}

export function createRemediationService(options: RemediationOptions): RemediationService {
  const { store, clock } = options;
  const owned = new DisposableStore();
  const ended = new AbortController();
  owned.addStop(() => ended.abort());
  const plans = new Map<PlanId, Planned>();
  const running = new Set<PlanId>();
  /** What is being done to a target, until its outcome is on record. */
  const doing = new Map<string, { title: string; since: number }>();
  const verifying = new Map<PlanId, Promise<RemediationRecord>>();
  for (const record of settleInterrupted(options)) {
    // What AWS and runbooks take is not known any more: those wait for a person.
    if (/^(?:aws|runbook)\./.test(record.plan.action)) continue;
    settleLater(record, clock.monotonic() + INTERRUPTED_MAY_RUN_MS);
  }

  function sessionOf(host: HostId) {
    const session = options.sessionOf(host);
    if (!session) throw failure('not_found', `There is no host ${host} in this workspace.`);
    return session;
  }

  function awsHostOf(host: HostId) {
    const aws = options.awsHostOf(host);
    if (!aws) throw failure('refused', `${host} is not reached through AWS.`);
    return aws;
  }

  const lookerOf = (host: HostId) => createLooker(host, () => sessionOf(host), ended.signal);

  const erlangHost = (host: HostId) => ({
    host,
    session: sessionOf(host),
    look: lookerOf(host),
    signal: ended.signal,
  });

  function actionHost(host: HostId): ActionHost {
    return {
      host,
      now: clock.now() + (options.facts(host)?.clockOffsetMs ?? 0),
      look: lookerOf(host),
      runbook: (name) => options.runbooksOf(host).find((one) => one.name === name),
    };
  }

  async function plan({
    host,
    request,
    event,
  }: Parameters<RemediationService['plan']>[0]): Promise<RemediationPlan> {
    const common = {
      id: randomUUID() as PlanId,
      host,
      createdAt: clock.now(),
      ...(event === undefined ? {} : { event }),
    };
    const planned = await planOf(request, common);
    plans.set(common.id, { ...planned, executed: false, madeAt: clock.monotonic() });
    for (const id of plans.keys()) if (plans.size > MOST_PLANS) plans.delete(id);
    return planned.plan;
  }

  /** One case an action. */
  async function planOf(
    request: RemediationRequest,
    common: Pick<RemediationPlan, 'id' | 'host' | 'createdAt' | 'event'>,
  ): Promise<Omit<Planned, 'executed' | 'madeAt'>> {
    switch (request.action) {
      case 'process.kill': {
        const { words, ...run } = await lookAndPlanKill(common.host, request.arguments);
        const made = { ...request, ...common, ...words };
        return {
          plan: made,
          target: processKey(common.host, request.arguments.target),
          settlesAfterMs: WAIT_MS + 1000,
          execute: (context) => executeKill(made, run, context),
        };
      }
      case 'process.pause':
      case 'process.renice':
      case 'ssh.protect':
      case 'service.control':
      case 'file.truncate_deleted':
      case 'journal.vacuum':
      case 'runbook.run':
        return await planScript(request, common);
      case 'aws.terminate_session': {
        const aws = awsHostOf(common.host);
        const made = { ...request, ...common, ...(await planTerminate(request.arguments, aws)) };
        return {
          plan: made,
          target: `session/${request.arguments.sessionId}`,
          execute: (context) => executeTerminate(made, aws, context),
        };
      }
      case 'aws.control_host': {
        const aws = awsHostOf(common.host);
        const made = { ...request, ...common, ...(await planControl(request.arguments, aws)).words };
        return {
          plan: made,
          target: `${common.host}/aws`,
          execute: (context) => executeControl(made, aws, context),
        };
      }
      case 'erlang.disconnect_node': {
        const { words, ...run } = await planDisconnect(request.arguments, erlangHost(common.host));
        const made = { ...request, ...common, ...words };
        return {
          plan: made,
          // What is done to one node is nothing to the next.
          target: `${processKey(common.host, request.arguments.service)}/${request.arguments.node}`,
          settlesAfterMs: 20_000,
          execute: (context) => executeDisconnect(made, run, lookerOf(common.host), context),
        };
      }
    }
  }

  async function planScript(
    request: ScriptRequest,
    common: Pick<RemediationPlan, 'id' | 'host' | 'createdAt' | 'event'>,
  ): Promise<Omit<Planned, 'executed' | 'madeAt'>> {
    const on = actionHost(common.host);
    const action = scriptActionOf(request);
    const script = action.script(request.arguments, on);
    const { target, effect, guard, timeoutMs, needs, ...words } = await action.plan(request.arguments, on);
    const privilege = needs.privilege ?? 'none';
    const argv = scriptCommand(script, privilege);
    const made: RemediationPlan = {
      ...request,
      ...common,
      ...words,
      needs: needs.text,
      command: quoteCommand(argv),
    };
    return {
      plan: made,
      target,
      settlesAfterMs: timeoutMs,
      execute: async (context) => {
        return await executeScript(made, { argv, privilege, effect, guard, timeoutMs }, context);
      },
    };
  }

  const askPassword = (plan: RemediationPlan) => askSudoPassword(plan, { ...options, ended: ended.signal });

  async function lookAndPlanKill(host: HostId, kill: KillArguments): Promise<ReturnType<typeof planKill>> {
    const { target } = kill;
    const look = lookerOf(host);
    const { seen, process } = await look.process(target);
    const facts = options.facts(host);
    const table = options.latestSample(host)?.table ?? [];
    const row = table.find((r) => r.pid === target.pid && r.startTicks === target.startTicks);
    // What cannot be done needs nobody's rights: sudo is not even tried.
    const needs = await needsOwner(look, seen, refusalOf(kill, seen, process) ? undefined : process);
    return planKill(kill, seen, {
      needs,
      facts,
      name: row && programName(row),
      now: clock.now() + (facts?.clockOffsetMs ?? 0),
      descendants: kill.tree && row ? descendantsOf(row, table) : [],
    });
  }

  function execute(id: PlanId): Promise<RemediationRecord> {
    const planned = plans.get(id);
    const again = 'Make a new plan: it shows how things are now.';
    if (!planned) return Promise.reject(failure('not_found', 'This plan is not known any more.', again));
    if (planned.executed) return Promise.reject(failure('refused', 'This plan was executed already.', again));
    const { refusal, title } = planned.plan;
    if (refusal !== undefined) return Promise.reject(failure('refused', refusal, again));
    if (clock.monotonic() - planned.madeAt > PLAN_HOLDS_MS) {
      return Promise.reject(failure('refused', 'This plan is more than five minutes old.', again));
    }
    const { target } = planned;
    const other = doing.get(target);
    if (other) {
      const seconds = Math.round((clock.monotonic() - other.since) / 1000);
      return Promise.reject(
        failure(
          'refused',
          `It is being worked on: “${other.title}” was confirmed ${seconds} s ago and has no outcome yet.`,
          'Wait for its result, then plan again.',
        ),
      );
    }
    planned.executed = true;
    const mine = { title, since: clock.monotonic() };
    doing.set(target, mine);
    running.add(id);
    const release = () => doing.get(target) === mine && doing.delete(target);
    const context: ExecutionContext = {
      ...options,
      ended: ended.signal,
      askPassword,
      publishRecord(record) {
        // Its effect is still watched for a while; what comes next need not wait for that.
        if (record.outcome !== undefined) release();
        options.publishRecord(record);
      },
    };
    return planned
      .execute(context)
      .finally(() => {
        release();
        running.delete(id);
      })
      .then((record) => {
        const { settlesAfterMs } = planned;
        if (record.outcome === 'unknown' && settlesAfterMs !== undefined)
          settleLater(record, mine.since + settlesAfterMs);
        return record;
      });
  }

  function settleLater({ plan }: RemediationRecord, notBefore: number): void {
    if (wouldAsk(plan)) return;
    const onConnected = (run: () => void) => options.sessionOf(plan.host)?.onConnected(run);
    const look = () => verify(plan.id);
    void settleWhenBack({ look, onConnected, notBefore, clock, ended: ended.signal });
  }

  /** Windows that look at once, and ourselves, get the same answer. */
  function verify(id: PlanId): Promise<RemediationRecord> {
    const already = verifying.get(id);
    if (already) return already;
    const answer = verifyOnce(id).finally(() => verifying.delete(id));
    verifying.set(id, answer);
    return answer;
  }

  async function verifyOnce(id: PlanId): Promise<RemediationRecord> {
    const record = store.readRemediation(id);
    if (!record) throw failure('not_found', 'Nothing with this number was executed.');
    if (running.has(id)) throw failure('refused', 'It is still running.', 'Wait for its result.');
    if (record.outcome !== 'unknown' && record.outcome !== undefined) return record;
    const { helped, verdict } = await lookAgain(record.plan);
    const at = clock.now();
    const next: RemediationRecord = {
      ...record,
      outcome: helped ? 'succeeded' : 'failed',
      verdict,
      finishedAt: at,
      steps: [...record.steps, { name: 'verify', state: helped ? 'done' : 'failed', at, text: verdict }],
    };
    store.putRemediation(next);
    options.publishRecord(next);
    options.publishEvent(outcomeEvent(next, at));
    return next;
  }

  async function lookAgain(done: RemediationPlan): Promise<{ helped: boolean; verdict: string }> {
    if (done.action === 'aws.terminate_session')
      return await verifyTerminate(done.arguments, awsHostOf(done.host));
    if (done.action === 'aws.control_host') return await verifyControl(done.arguments, awsHostOf(done.host));
    if (done.action === 'erlang.disconnect_node')
      return await verifyDisconnect(done.arguments, erlangHost(done.host), await wayOf(done));
    if (done.action !== 'process.kill') {
      const on = actionHost(done.host);
      return await on.look.check(scriptActionOf(done).script(done.arguments, on), await wayOf(done));
    }
    const { pid, bootId } = done.arguments.target;
    const seen = await lookerOf(done.host).processes({ pids: [pid] });
    const process = seen.processes.find((p) => p.identity.pid === pid);
    const same = process !== undefined && isTarget(process, done.arguments, seen);
    const dead = !same || process.dead;
    const verdict = !dead
      ? `Pid ${pid} still stands. Whether the signal reached it is not known: plan it again.`
      : seen.bootId !== bootId
        ? 'The host has rebooted since, so the process is gone.'
        : same
          ? `Pid ${pid} is dead (a zombie until its parent clears it away).`
          : process
            ? `The process is gone; ${whatItIsNow(process, clock.now() + (options.facts(done.host)?.clockOffsetMs ?? 0))}.`
            : `Pid ${pid} is gone; whether by this signal is not known.`;
    return { helped: dead, verdict };
  }

  /** A question out of the blue would be worse than an outcome that waits for a person. */
  function wouldAsk({ action, command }: RemediationPlan): boolean {
    return action !== 'process.kill' && privilegeOf(command) === 'sudoWithPassword';
  }

  /** As the plan's own command went. */
  async function wayOf(done: RemediationPlan): Promise<Way> {
    const privilege = privilegeOf(done.command);
    if (privilege !== 'sudoWithPassword') return { privilege, input: {} };
    const password = await askPassword(done);
    if (password === undefined) throw failure('refused', 'No password was given: nothing was looked at.');
    return { privilege, input: { stdin: passwordLine(password) } };
  }

  return { plan, execute, verify, dispose: () => owned.dispose() };
}
