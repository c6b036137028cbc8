import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from '../../../shared/model/process.ts';

/** Makes of a command one that runs as another account. */
export type Wrapper = (argv: string[]) => string[];

/**
 * Where sudo is given a password on the input that what it runs reads from too: nothing is read before BEGUN is told and
 * GO has come. So a password that sudo did not want, since by now it asks for none, is thrown away.
 */
export function afterPassword(argv: readonly string[]): string[] {
  const wait = `echo ${BEGUN}; while IFS= read -r line; do [ "$line" = '${GO}' ] && exec "$@"; done; exit 4`;
  return ['sh', '-c', wait, 'fireline', ...argv];
}

export const BEGUN = '@begun';
export const GO = '#GO#';

/** Ends a program on standard input. */
const END = '#END#';

/** V8 looks twice in ten milliseconds: an eighth of what its default costs, and 2,000 looks in ten seconds. */
const INTERVAL_MICROSECONDS = 5000;
/** Not 100: a program that does something every ten milliseconds would always be met at the same place. */
const PERF_HERTZ = 99;

/**
 * Node's way: the program runs by the node of the processes themselves, as their owner. Nothing of it is started before
 * the executable's name is seen to be node's. It comes on standard input: command lines are limited, and shown to all.
 */
export function inspectorCommand(
  as: Wrapper,
  targets: readonly ProcessIdentity[],
  seconds: number,
): string[] {
  return command(as, 'by the inspector of node', INSPECTOR, targets, seconds, INTERVAL_MICROSECONDS);
}

const INSPECTOR = String.raw`why='none of the processes runs node any more'
for t; do
  p=@{t%%:*}; exe=$(readlink "/proc/$p/exe" 2>/dev/null); exe=@{exe% (deleted)}
  [ -z "$exe" ] && [ -e "/proc/$p/stat" ] && why='what they run may not be read by the account that they run as: another group, or a process that may not be dumped'
  case $t:@{exe##*/} in *:*:node|*:*:node[0-9-]*|*:*:nodejs|*:*:nodejs[0-9-]*) exec env -i PATH="$PATH" "/proc/$p/exe" -e '
let text = ""; process.stdin.setEncoding("utf8");
process.stdin.on("data", function take(part) {
  const end = (text += part).indexOf("\n${END}\n");
  if (end < 0) return;
  process.stdin.removeListener("data", take);
  new Function("require", "process", text.slice(0, end))(require, process);
});' -- "$@";; esac
done
printf '{"failed":"%s"}\n' "$why"; exit 4`.replaceAll('@{', '${');

export const inspectorInput = () => `${inspectorProgram()}\n${END}\n`;

export function inspectorProgram(): string {
  program ??= readFileSync(new URL('./remote/profileNode.cjs', import.meta.url), 'utf8');
  return program;
}

let program: string | undefined;

/** The kernel's way. When its input ends before the time is up, it stops. */
export function perfCommand(as: Wrapper, targets: readonly ProcessIdentity[], seconds: number): string[] {
  return command(as, 'with perf', PERF, targets, seconds, PERF_HERTZ);
}

const PERF = String.raw`LC_ALL=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export LC_ALL PATH
boot=$1 seconds=$2 hertz=$3 bound=$4; shift 4
b=; { read -r b < /proc/sys/kernel/random/boot_id; } 2>/dev/null
[ "$b" = "$boot" ] || { printf '@failed\tThe host has rebooted since.\n'; exit 4; }
b=; { read -r b x < /proc/self/stat; } 2>/dev/null
[ "$b" = $$ ] || { printf '@failed\t/proc is of another pid namespace here: other processes would be sampled.\n'; exit 4; }
list=; for t; do p=@{t%%:*}
  line=; { IFS= read -r line < "/proc/$p/stat"; } 2>/dev/null
  if [ "$(printf %s "@{line##*\) }" | awk '{ print $20 }')" = "@{t#*:}" ]; then list=$list,$p; else printf '@gone\t%s\n' "$p"; fi
done
[ -n "$list" ] || { printf '@failed\tNone of the processes is there any more.\n'; exit 4; }
d=$(mktemp -d) || { printf '@failed\tNo temporary folder can be made.\n'; exit 5; }
r=
end() { trap '' HUP INT PIPE TERM; kill $r $w $late; wait $r; rm -rf "$d"; }
trap 'end 2>/dev/null' EXIT; trap 'exit 1' HUP INT PIPE TERM
exec 3<&0
# All of it ends with its input, and when it takes too long: its output may wait for a reader for ever.
{ read -r x <&3; kill $$; } >/dev/null 2>&1 & w=$!
{ trap 'kill $!; exit' TERM; sleep "$bound" & wait $!; kill $$; } >/dev/null 2>&1 3<&- & late=$!
echo @sampling
perf record -F "$hertz" -g -p "@{list#,}" -o "$d/perf.data" -- sleep "$seconds" >"$d/said" 2>&1 </dev/null 3<&- & r=$!
wait $r
[ -s "$d/perf.data" ] || { printf '@failed\t%s\n' "$(tr '\000-\037' ' ' <"$d/said" | cut -c1-400)"; exit 5; }
echo @script
perf script -f -i "$d/perf.data" -F comm,pid,tid,time,event,ip,sym,dso 2>"$d/said" </dev/null 3<&- & r=$!
wait $r
echo @end & r=$!
wait $r`.replaceAll('@{', '${');

/** What beginning and fetching may take beside the sampling, and each process more of them. The host ends it by then. */
export const boundSeconds = (seconds: number, processes: number) => seconds + 45 + 10 * processes;

/** `rate`: the script's own, in its own unit. */
function command(
  as: Wrapper,
  how: string,
  script: string,
  targets: readonly ProcessIdentity[],
  seconds: number,
  rate: number,
): string[] {
  return as([
    'sh',
    '-c',
    `# profile pid ${targets.map(({ pid }) => pid).join(', ')} ${how}\n${script}`,
    'fireline',
    targets[0]?.bootId ?? '',
    String(seconds),
    String(rate),
    String(boundSeconds(seconds, targets.length)),
    ...targets.map(({ pid, startTicks }) => `${pid}:${startTicks}`),
  ]);
}
