import { visibleText } from '../../../shared/model/hostText.ts';
import type { RemediationPlan, RemediationRecord } from '../../../shared/model/remediation.ts';
import type { RunResult } from '../sessions/session.ts';
import { type Audit, type ExecutionContext, openAudit } from './audit.ts';
import { type Privilege, withPrivilege } from './privilege.ts';
import { runConfirmed } from './runConfirmed.ts';

/**
 * What an action runs on a host: guard, deed and check in one POSIX shell script, so that nothing comes between them.
 * Its parts speak in lines of `PHASE<tab>STATE<tab>TEXT`, by the functions of the prelude; parameters are positional
 * and never part of the text. `still PID START` forks nothing: for right before the deed, since between a guard's words and
 * it a process may go and its number be given away.
 */
export interface HostScript {
  /** The first line of the command, for who reads it: `restart the service nginx`. */
  intent: string;
  parameters: readonly string[];
  /** Takes the parameters into names, and what more than one part needs. */
  common: string;
  /** Ends with `passed TEXT`, or calls `refuse`. */
  guard: string;
  /** Ends with `did TEXT`, or calls `failed`. */
  execute: string;
  /** Ends with `verified` or `unverified`. Changes nothing: it is run by itself when the outcome is not known. */
  verify: string;
}

export function scriptCommand(script: HostScript, privilege: Privilege): string[] {
  return command(script, `${script.common}\n${script.guard}\n${script.execute}\n${script.verify}`, privilege);
}

/** Only looks whether it helped. */
export function checkCommand(script: HostScript, privilege: Privilege): string[] {
  return command(script, `${script.common}\n${script.verify}`, privilege);
}

function command({ intent, parameters }: HostScript, body: string, privilege: Privilege): string[] {
  return withPrivilege(privilege, [
    'sh',
    '-c',
    // What is done stands first, for who reads it before it is confirmed.
    `# ${intent.replaceAll(/[\n\r]/g, ' ')}\nmain() {\n${body}\n}\n${PRELUDE}main "$@"\n`,
    'fireline',
    ...parameters,
  ]);
}

const PRELUDE =
  String.raw`set -f; LC_ALL=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/command; export LC_ALL PATH
say() { printf '%s\t%s\t%s\n' "$1" "$2" "$(printf %s "$3" | tr '\000-\037\177' ' ' | cut -c1-600)"; }
refuse() { say guard refused "$1"; exit 4; }
passed() { say guard ok "$1"; }
did() { say execute ok "$1"; }
failed() { say execute failed "$1"; exit 5; }
verified() { say verify ok "$1"; exit 0; }
unverified() { say verify failed "$1"; exit 3; }
field() { line=; { IFS= read -r line < "/proc/$1/stat"; } 2>/dev/null; [ -n "$line" ] || return 1; n=$2; set -- @{line##*\) }; shift $((n - 3)); printf %s "$1"; }
still() { line=; { IFS= read -r line < "/proc/$1/stat"; } 2>/dev/null; [ -n "$line" ] || return 1; set -- "$2" @{line##*\) }; [ "@{21}" = "$1" ]; }
same_boot() { b=; { read -r b < /proc/sys/kernel/random/boot_id; } 2>/dev/null; [ "$b" = "$1" ] || refuse 'The host has rebooted since the plan was made.'; }
same_process() { same_boot "$1"; s=$(field "$2" 22) || refuse "Pid $2 is gone already."; [ "$s" = "$3" ] || refuse "The process that was planned is gone; pid $2 is now another: $( { tr '\000-\037\177' ' ' < "/proc/$2/cmdline"; } 2>/dev/null | cut -c1-300)"; case $(field "$2" 3) in Z|X) [ "$(field "$2" 20)" -gt 1 ] || refuse "Pid $2 is dead already.";; esac; }
`.replaceAll('@{', '${');

export interface ScriptRun {
  argv: readonly string[];
  privilege: Privilege;
  /** What is not known when the link drops: `the service was restarted`. */
  effect: string;
  guard: string;
  timeoutMs: number;
}

/** Runs a confirmed script to its end. Throws `storage` when the intent cannot be recorded: then nothing has run. */
export async function executeScript(
  plan: RemediationPlan,
  run: ScriptRun,
  context: ExecutionContext,
): Promise<RemediationRecord> {
  const audit = openAudit(plan, run.guard, context);
  const { argv, privilege, effect, timeoutMs } = run;
  const confirmed = { argv, privilege, effect, timeoutMs, maximumBytes: 256 * 1024 };
  const done = await runConfirmed(audit, confirmed, context);
  if (done) conclude(audit, done.ran);
  return await audit.finish();
}

/** Of what a check printed. */
export function readCheck(ran: RunResult): { helped: boolean; verdict: string } | undefined {
  const { verify } = phasesOf(ran.stdout);
  return verify && { helped: verify.state === 'ok', verdict: visibleText(verify.text, 600) };
}

function conclude(audit: Audit, ran: RunResult): void {
  const { step } = audit;
  const { exitCode, stdout, stderr } = ran;
  audit.add({
    output: stderr === '' ? stdout : `${stdout}${stderr}`,
    ...(exitCode === undefined ? {} : { exitCode }),
  });
  const { guard, execute, verify } = phasesOf(stdout);
  if (!guard) {
    const said = visibleText(stderr.trim(), 300);
    if (exitCode === undefined || exitCode === 0) {
      step('guard', 'unknown', 'The command ended without a word');
      audit.conclude('unknown', 'the command ended without saying what it did. Verify it.');
      return;
    }
    step('guard', 'failed', `The command could not run: ${said}`);
    audit.conclude(
      'failed',
      `the command could not run (exit status ${exitCode})${said === '' ? '' : `: ${said}`}`,
    );
    return;
  }
  if (guard.state !== 'ok') {
    step('guard', 'failed', guard.text);
    audit.conclude('refused', `${guard.text} Nothing was changed.`);
    return;
  }
  step('guard', 'done', guard.text);
  if (!execute) {
    step('execute', 'unknown', 'The command ended before it said what it did');
    audit.conclude('unknown', 'the command ended in the middle: what it did is not known. Verify it.');
    return;
  }
  if (execute.state !== 'ok') {
    step('execute', 'failed', execute.text);
    audit.conclude('failed', execute.text);
    return;
  }
  step('execute', 'done', execute.text);
  if (!verify) {
    step('verify', 'unknown', 'The command ended before it saw whether it helped');
    audit.conclude('unknown', 'it was done; whether it helped is not known. Verify it.');
    return;
  }
  step('verify', verify.state === 'ok' ? 'done' : 'failed', verify.text);
  audit.conclude(verify.state === 'ok' ? 'succeeded' : 'failed', verify.text);
}

type Phase = { state: string; text: string } | undefined;

/** What programs print is never at the start of a line: each part takes it in, or indents it. */
function phasesOf(stdout: string): Record<'guard' | 'execute' | 'verify', Phase> {
  const phases: Record<string, Phase> = {};
  for (const line of stdout.split('\n')) {
    const [phase = '', state = '', text = ''] = line.split('\t');
    if (/^(?:guard|execute|verify)$/.test(phase) && /^(?:ok|refused|failed)$/.test(state))
      phases[phase] = { state, text: visibleText(text, 600) };
  }
  return { guard: phases['guard'], execute: phases['execute'], verify: phases['verify'] };
}
