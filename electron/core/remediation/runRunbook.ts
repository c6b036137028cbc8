import { failure } from '../../../shared/contract/errors.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { RunbookArguments } from '../../../shared/model/remediation.ts';
import { runbookValue } from '../../../shared/model/runbookValue.ts';
import type { Runbook } from '../../../shared/model/workspace.ts';
import { needsRoot } from './privilege.ts';
import type { ActionHost, ScriptAction } from './scriptAction.ts';

/**
 * A runbook of the workspace. Each of its parts runs in a shell of its own, which is handed the part and the values as
 * arguments; what it prints is indented, so that it cannot pass for our own words. Of much only the beginning and the end are
 * kept: our words have to fit behind it, and the host may be short of memory.
 */
export const runRunbook: ScriptAction<RunbookArguments> = {
  script(args, on) {
    const runbook = runbookOf(args, on);
    const names = runbook.parameters.map(({ name }) => name);
    // The parts are arguments too: the shell never reads a value as text of its own.
    // Braces: `$10` is `$1` and a nought.
    const assign = names.map((name, index) => `${name}=\${${index + 1}}; `).join('');
    const part = (text: string | undefined) =>
      text === undefined ? '' : `${assign}shift ${names.length}\n${text}\n`;
    return {
      intent: `runbook ${runbook.name}`,
      parameters: [
        part(runbook.guard),
        part(runbook.run),
        part(runbook.verify),
        ...runbook.parameters.map((one) => parameterValue(one, args)),
      ],
      common: String.raw`guard=$1 run=$2 verify=$3; shift 3
newline='
'
# The status comes first: what is kept of the output is told when all of it has come.
part() { p=$1; shift
out=$({ { sh -c "$p" runbook "$@" 2>&1 </dev/null 3>&-; printf '%s\n' "$?" >&3; } | tr -d '\000' | { first=$(head -c ${MOST}); end=$(tail -c 1000); printf '.%s' "$first"; [ -z "$end" ] || printf '\n[...]\n%s' "$end"; }; } 3>&1)
code=@{out%%"$newline"*}; out=@{out#*"$newline".}
[ -n "$out" ] && printf '%s\n' "$out" | sed 's/^/  /'; last=$(printf '%s' "$out" | tail -n 1); last=@{last:+: $last}; return $code; }`.replaceAll(
        '@{',
        '${',
      ),
      guard:
        'if [ -n "$guard" ]; then part "$guard" "$@" || refuse "Its guard says no (exit status $code)$last."; passed "Its guard says yes"; else passed "It has no guard of its own"; fi',
      execute:
        'part "$run" "$@" || failed "It failed with exit status $code$last."; did "It ended well$last."',
      verify:
        'if [ -n "$verify" ]; then part "$verify" "$@" || unverified "Its own check says no (exit status $code)$last."; verified "Its own check says yes$last."; else verified "It ended well, and has no check of its own."; fi',
    };
  },
  async plan(args, on) {
    const runbook = runbookOf(args, on);
    const given = runbook.parameters.map(
      (one) => `${one.name} = ${visibleText(parameterValue(one, args), 200)}`,
    );
    return {
      title: `${visibleText(runbook.title, 100)}${given.length === 0 ? '' : ` (${given.join(', ')})`}`,
      target: `${on.host}/runbook/${runbook.name}`,
      effect: 'it was run',
      guard: runbook.guard === undefined ? 'It has no guard of its own' : 'Running its guard',
      timeoutMs: runbook.timeoutSeconds * 1000,
      needs: runbook.root
        ? await needsRoot(on.look)
        : { privilege: 'none', text: 'Runs as the account of the session.' },
      touches: [
        ...(runbook.guard === undefined ? [] : [`Only if this succeeds: ${visibleText(runbook.guard, 500)}`]),
        `It runs: ${visibleText(runbook.run, 1000)}`,
        ...given,
      ],
      verification:
        runbook.verify === undefined
          ? 'Nothing: it has no check of its own, only its exit status tells.'
          : `This must succeed afterwards: ${visibleText(runbook.verify, 500)}`,
    };
  },
};

/** Three parts of lines that are one character long, each with two before it, are shorter than what is read of a command. */
const MOST = 24_000;

function runbookOf({ runbook: name }: RunbookArguments, { host, runbook }: ActionHost): Runbook {
  const found = runbook(name);
  if (found) return found;
  throw failure(
    'not_found',
    `The workspace has no runbook ${name} for ${host}.`,
    'Is its file still the same?',
  );
}

function parameterValue(parameter: Runbook['parameters'][number], { parameters }: RunbookArguments): string {
  const value = runbookValue(parameter, parameters[parameter.name] ?? parameter.default ?? '');
  if (value.ok) return value.value;
  throw failure('refused', `A parameter cannot be used. ${value.error}.`);
}
