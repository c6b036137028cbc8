import type { ProcessIdentity } from '../../../shared/model/process.ts';

/** What one look at a host's processes gives. Text is hostile. Times by the host's clock, epoch ms. */
export interface Inspection {
  bootId: string;
  /** What can run a script there. */
  perl: boolean;
  /** Of the account we are logged in as. */
  uid: number;
  /** The looking script's own ancestors, up to pid 1: our session. */
  ancestors: number[];
  /** /proc is of another pid namespace than the account's own: what it calls 812 is nothing that a signal to 812 would reach. */
  foreign: boolean;
  processes: InspectedProcess[];
  /** Files that name a pid, and the pid. */
  pidFiles: { path: string; pid: number }[];
}

export interface InspectedProcess {
  identity: ProcessIdentity;
  parentPid: number;
  parentName: string;
  state: string;
  /** A zombie. One whose first thread alone has ended is a zombie by its state, and lives. */
  dead: boolean;
  kernelThread: boolean;
  uid: number;
  user: string;
  name: string;
  command: string;
  startedAt: number;
  children: { pid: number; name: string }[];
  listeningPorts: number[];
  /** Undefined where the list of its open files is refused. */
  established: number | undefined;
}

export interface InspectionRequest {
  pids?: readonly number[];
  ports?: readonly number[];
  /** Paths to read a pid from; beside them the usual folders are searched if `searchPidFiles`. */
  pidFiles?: readonly string[];
  searchPidFiles?: boolean;
}

/**
 * The command that looks: read-only, POSIX sh and awk, so that it runs everywhere; a handful of forks. A process is
 * dated by the script's own start (field 22 against the clock), since up time in a container is not the machine's.
 */
export function inspectionCommand(request: InspectionRequest): string[] {
  return [
    'sh',
    '-c',
    SCRIPT,
    'inspect',
    (request.pids ?? []).join(' '),
    (request.ports ?? []).join(' '),
    request.searchPidFiles ? '1' : '0',
    ...(request.pidFiles ?? []),
  ];
}

const SCRIPT = String.raw`LC_ALL=C; export LC_ALL; set -f
pids=$1 ports=$2 search=$3; shift 3
t=$(printf '\t')
field() { line=; { IFS= read -r line < "/proc/$1/stat"; } 2>/dev/null; [ -n "$line" ]; }
name() { n=$(printf '%s\n' "$line" | sed 's/^[^(]*(//; s/)[^)]*$//' | tr '\000-\037\177' ' '); }
boot=; { read -r boot < /proc/sys/kernel/random/boot_id; } 2>/dev/null
perl=0; perl -e 1 2>/dev/null && perl=1
hz=$(getconf CLK_TCK 2>/dev/null || echo 100)
say() { printf '%s\n' "$1"; }
field $$; own=$(say "\${line##*\) }" | awk '{print $20}')
self=; { read -r self rest < /proc/self/stat; } 2>/dev/null
foreign=1; [ "$self" = $$ ] && foreign=0
say "H$t$boot$t$perl$t$(id -u)$t$hz$t$(date +%s)$t$own$t$foreign"
a=$$; while [ "$a" -gt 0 ] 2>/dev/null; do say "A$t$a"; field $a || break; a=$(say "\${line##*\) }" | awk '{print $2}'); done
pidfile() { v=; { IFS= read -r v < "$1"; } 2>/dev/null; v=$(say "$v" | tr -cd '0-9'); [ -n "$v" ] && [ "\${#v}" -lt 8 ] || return; say "F$t$v$t$(say "$1" | tr '\000-\037\177' ' ')"; pids="$pids $v"; }
for f in "$@"; do [ -f "$f" ] && pidfile "$f"; done
if [ "$search" = 1 ]; then set +f; for f in /run/*.pid /run/*/*.pid /tmp/*.pid; do [ -f "$f" ] && pidfile "$f"; done; set -f; fi
tcp=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk 'function hex(s,  i,v) { v=0; for (i=1;i<=length(s);i++) v=v*16+index("0123456789ABCDEF",substr(s,i,1))-1; return v }
$4=="0A" { n=split($2,p,":"); print "L", hex(p[n]), $10 } $4=="01" { print "E", 0, $10 }')
if [ -n "$ports" ]; then
  set +f
  found=$( { say "$tcp"; echo =; ls -ln /proc/[0-9]*/fd 2>/dev/null; } | awk -v want=" $ports " '
    !body && $1=="=" { body=1; next } !body { if ($1=="L" && index(want, " " $2 " ")) w[$3]=$2; next }
    /^\/proc\// { split($0,d,"/"); pid=d[3] } match($0, /socket:\[[0-9]+\]/) { i=substr($0,RSTART+8,RLENGTH-9); if (i in w) print pid }' | sort -un | tr '\n' ' ')
  set -f; pids="$pids $found"
fi
all=; set +f; all=$(cat /proc/[0-9]*/stat 2>/dev/null | awk '{ r=$0; sub(/^.*\) /,"",r); split(r,f," "); c=$0; sub(/^[0-9]+ \(/,"",c); sub(/\) [^)]*$/,"",c); print f[2], $1, c }'); set -f
for p in $(for p in $pids; do echo "$p"; done | sort -un); do
  field "$p" || continue; name; set -- \${line##*\) }
  state=$1 ppid=$2 flags=$7 threads=\${18} start=\${20}
  uid=$(awk '/^Uid:/ {print $2; exit}' "/proc/$p/status" 2>/dev/null)
  # busybox's id knows accounts by their names only.
  user=$(id -nu "$uid" 2>/dev/null || awk -F: -v u="$uid" '$3==u { print $1; f=1; exit } END { if (!f) print u }' /etc/passwd)
  pn=$(say "$all" | awk -v p="$ppid" '$2==p { sub(/^[0-9]+ [0-9]+ /,""); print; exit }' | tr '\000-\037\177' ' ')
  cmd=$( { tr '\000-\037\177' ' ' < "/proc/$p/cmdline"; } 2>/dev/null | cut -c1-4096)
  socks=; [ -r "/proc/$p/fd" ] && ls /proc/$p/fd >/dev/null 2>&1 && socks=$( { say "$tcp"; echo =; ls -ln "/proc/$p/fd" 2>/dev/null; } | awk '!body && $1=="=" { body=1; next } !body { if ($1=="L") l[$3]=$2; else if ($1=="E") e[$3]=1; next }
    match($0, /socket:\[[0-9]+\]/) { i=substr($0,RSTART+8,RLENGTH-9); if (i in l) ports=ports " " l[i]; if (i in e) n++ } END { print (n+0) ports }')
  kids=$(say "$all" | awk -v p="$p" '$1==p && n<64 { n++; k=$2; sub(/^[0-9]+ [0-9]+ /,""); gsub(/[,:]/,"_"); printf "%s:%s,", k, $0 }' | tr '\000-\037\177' ' ')
  say "P$t$p$t$ppid$t$state$t$threads$t$flags$t$start$t$uid$t$user$t$n$t$pn$t$socks$t$kids$t$cmd"
done
echo "."
`.replaceAll('\\${', '${');

const PF_KTHREAD = 0x00200000;

/** Undefined when the output is not whole: a script that was cut off half-way said nothing. */
export function parseInspection(stdout: string): Inspection | undefined {
  const lines = stdout.split('\n').map((line) => line.split('\t'));
  const head = lines.find((f) => f[0] === 'H');
  if (!head || !lines.some((f) => f[0] === '.')) return undefined;
  const [, bootId = '', perl, uid, hertz, now, own, foreign] = head;
  const hz = Number(hertz) || 100;
  return {
    bootId,
    perl: perl === '1',
    uid: Number(uid),
    foreign: foreign === '1',
    ancestors: lines.filter((f) => f[0] === 'A').map((f) => Number(f[1])),
    pidFiles: lines.filter((f) => f[0] === 'F').map((f) => ({ pid: Number(f[1]), path: f[2] ?? '' })),
    processes: lines
      .filter((f) => f[0] === 'P')
      .flatMap((f) => {
        const [
          ,
          pid,
          parentPid,
          state = '',
          threads,
          flags,
          start,
          owner,
          user = '',
          name = '',
          parentName = '',
          sockets = '',
          kids = '',
          ...command
        ] = f;
        if (!/^\d+$/.test(pid ?? '') || !/^\d+$/.test(start ?? '')) return [];
        const [established, ...ports] = sockets.trim() === '' ? [] : sockets.trim().split(/ +/).map(Number);
        return [
          {
            identity: { bootId, pid: Number(pid), startTicks: Number(start) },
            parentPid: Number(parentPid),
            parentName: parentName.trim(),
            state,
            dead: /[ZX]/.test(state) && !(Number(threads) > 1),
            kernelThread: (Number(flags) & PF_KTHREAD) !== 0,
            uid: Number(owner),
            user,
            name,
            command: command.join(' ').trim(),
            startedAt: Number(now) * 1000 - ((Number(own) - Number(start)) * 1000) / hz,
            children: kids
              .split(',')
              .filter((k) => k !== '')
              .map((k) => ({
                pid: Number(k.slice(0, k.indexOf(':'))),
                name: k.slice(k.indexOf(':') + 1).trim(),
              })),
            listeningPorts: [...new Set(ports)].sort((a, b) => a - b),
            established,
          },
        ];
      }),
  };
}
