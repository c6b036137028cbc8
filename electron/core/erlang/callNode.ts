import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { RunResult } from '../sessions/session.ts';

/**
 * Evaluates an Erlang expression inside a running node, by the erl_call of its own installation, as a hidden node
 * whose name starts with `fireline`. Name and cookie are read on the host, from the process itself: the cookie is in
 * no command of ours, and is never seen here. The process is the same, by its own word too, or nothing is evaluated.
 * @param intent a line for who reads the command before it is confirmed
 */
export function callNode(service: ProcessIdentity, expression: string, intent?: string): string[] {
  return [
    'sh',
    '-c',
    intent === undefined ? SCRIPT : `# ${intent}${SCRIPT}`,
    'erlang',
    String(service.pid),
    String(service.startTicks),
    service.bootId,
    expression,
  ];
}

export const PROBE_NAME = 'fireline';
const LATE = 'late';
const OTHER = 'fireline_other_process';

export type CallAnswer =
  | { kind: 'ok'; node: string; value: string }
  /** Nothing was evaluated. `denied`: another account, or root, could. */
  | { kind: 'refused'; reason: string; denied: boolean }
  /** It was asked, and had not answered when time was up: it may evaluate it yet. */
  | { kind: 'late'; reason: string }
  | { kind: 'failed'; reason: string };

/** What `callNode` printed. */
export function readAnswer({ stdout, stderr }: Pick<RunResult, 'stdout' | 'stderr'>): CallAnswer {
  const [first = '', ...rest] = stdout.split('\n');
  const said = rest.join('\n').trim();
  if (first.startsWith('refused ')) {
    const code = first.slice(8);
    return { kind: 'refused', reason: REFUSALS[code] ?? first, denied: code === 'denied' };
  }
  const value = /^\{ok, ([\s\S]*)\}$/.exec(said)?.[1];
  if (value === OTHER)
    return { kind: 'refused', reason: 'another process answers by its name', denied: false };
  if (first.startsWith('node ') && value !== undefined) return { kind: 'ok', node: first.slice(5), value };
  if (first.startsWith('node ') && said === LATE)
    return { kind: 'late', reason: 'the node gave no answer within 10 s' };
  const words = visibleText(`${said} ${stderr}`.trim().replace(/\s+/g, ' '), 300);
  if (/failed to connect|Incomplete|ei_connect/i.test(words) || words === '')
    return {
      kind: 'failed',
      reason: `the node did not let us in${words === '' ? '' : `: ${words}`}. Its cookie may have been changed, or its distribution may use TLS`,
    };
  return { kind: 'failed', reason: words };
}

const REFUSALS: Record<string, string> = {
  boot: 'the host has rebooted since',
  gone: 'the service’s process is gone',
  other: 'the pid is another process now',
  denied: 'this account may not look into the service’s process: connect as its user or as root',
  tls: 'its distribution uses TLS, which erl_call does not speak',
  'no-name': 'the process runs no named node: it was started without -sname or -name',
  'no-erl_call': 'there is no erl_call beside the service’s own Erlang, nor on the path',
};

/** An atom as Erlang source, whatever is in it: a node's name is hostile text. */
export function atomSource(name: string): string {
  return `list_to_atom([${[...name].map((c) => c.codePointAt(0)).join(',')}])`;
}

const SCRIPT = `
set -f
pid=$1 ticks=$2 boot=$3 code=$4
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$boot" ] || { echo refused boot; exit; }
[ -r "/proc/$pid/stat" ] || { echo refused gone; exit; }
set -- $(sed 's/.*) //' "/proc/$pid/stat")
[ "\${20}" = "$ticks" ] || { echo refused other; exit; }
exe=$(readlink "/proc/$pid/exe") || { echo refused denied; exit; }
name= kind= cookie= home= port= listens= before=
IFS='
'
for word in $(tr '\\0' '\\n' <"/proc/$pid/cmdline"); do
  case $before in
    -sname|-name) name=$word kind=$before ;;
    -setcookie) cookie=$word ;;
    -home) home=$word ;;
    -epmd_port) port=$word ;;
    -erl_epmd_port|inet_dist_listen_min) listens=$word ;;
    -proto_dist) case $word in *tls*) echo refused tls; exit ;; esac ;;
  esac
  before=$word
done
unset IFS
[ -n "$name" ] && [ "$name" != undefined ] || { echo refused no-name; exit; }
call=\${exe%/*}/erl_call
[ -x "$call" ] || call=$(command -v erl_call) || { echo refused no-erl_call; exit; }
limit=
command -v timeout >/dev/null && limit='timeout 10'
printf 'node %s\\n' "$name"
[ -z "$port" ] || { ERL_EPMD_PORT=$port; export ERL_EPMD_PORT; }
# Without a cookie of its own the node reads its owner's file, and so does erl_call.
# By that name another may answer, as where it runs in a container's network: only the process itself evaluates.
inner=$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status")
code="case os:getpid() of \\"\${inner:-$pid}\\" -> $code; _ -> ${OTHER} end"
ask() { said=$(printf '%s.\\n' "$code" | HOME="\${home:-$HOME}" $limit "$call" "$@" \${cookie:+-c "$cookie"} -h "${PROBE_NAME}$$" -e 2>&1); status=$?; }
ask "$kind" "$name"
# Where epmd or its host's name does not lead to it, as to a release without epmd, it is asked where it listens: at its one
# port or the one that it was told, for at another it may serve something else.
case $status:$said in
  1:*'failed to connect'*|1:*ei_gethostbyname*)
    set -- $({ ls -l "/proc/$pid/fd" | sed -n 's/.* socket:\\[\\([0-9]*\\)\\]$/F \\1/p'; cat /proc/net/tcp /proc/net/tcp6; } 2>/dev/null |
      awk '$1 == "F" { own[$2] = 1 } $4 == "0A" && ($10 in own) { sub(/.*:/, "", $2); print $2 }' | sort -u | while read -r hex; do printf '%d\\n' "0x$hex"; done)
    [ $# != 1 ] || listens=$1
    for own; do [ "$own" != "$listens" ] || ask -address "127.0.0.1:$own"; done ;;
esac
case $status in 124|143) echo ${LATE} ;; *) printf '%s\\n' "$said" ;; esac
`;
