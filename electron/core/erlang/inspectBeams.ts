import type { ProcessRow } from '../../../shared/model/process.ts';
import type { ErlangNode, ErlangPeer } from './erlangNode.ts';

/**
 * Prints, for the pids given: `P pid parent terminal start leader` (fields 4, 7 and 22 of stat,
 * and whether the leader of its session, field 6, is still there), `E name port` of each node's
 * epmd, `L pid port` for what it listens on, and `C pid port address port` for what is established. Sockets are
 * matched by inode; addresses are the kernel's hexadecimal. POSIX sh, sed and awk.
 */
export const BEAM_SCRIPT = `
one() {
  p=$1 leader=gone
  set -- $(sed 's/^[0-9]* .*) //' "/proc/$p/stat")
  [ -d "/proc/$4" ] && leader=there
  echo "P $p $2 $5 \${20} $leader"
}
for p in "$@"; do [ -r "/proc/$p/stat" ] && one "$p"; done
asked=
for p in "$@"; do
  exe=$(readlink "/proc/$p/exe") && [ -x "\${exe%/*}/epmd" ] || continue
  port=$(tr '\\0' '\\n' <"/proc/$p/cmdline" | sed -n '/^-epmd_port$/{n;p;q;}'); port=\${port:-4369}
  case " $asked " in *" $port "*) continue ;; esac
  asked="$asked $port"
  "\${exe%/*}/epmd" -port "$port" -names 2>/dev/null | sed -n 's/^name \\(.*\\) at port \\([0-9]*\\)$/E \\1 \\2/p'
done
{
  for p in "$@"; do
    ls -l "/proc/$p/fd" 2>/dev/null | sed -n "s/.* socket:\\[\\([0-9]*\\)\\]$/F $p \\1/p"
  done
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
} | awk '
  $1 == "F" { owner[$3] = $2; next }
  $4 == "0A" && ($10 in owner) { split($2, l, ":"); print "L", owner[$10], l[2] }
  $4 == "01" && ($10 in owner) { split($2, l, ":"); split($3, r, ":"); print "C", owner[$10], l[2], r[1], r[2] }
'
`;

interface Beam {
  row: ProcessRow;
  parentPid: number;
  terminal: boolean;
  leaderGone: boolean;
  startTicks: number;
  listening: Set<number>;
  connections: { localPort: number; address: string; port: number }[];
}

/** Which of its connections are the distribution's: those at a distribution port, of its own or of its peer. */
export function readBeams(output: string, rows: readonly ProcessRow[], bootId: string): ErlangNode[] {
  const beams = new Map<number, Beam>();
  const registered = new Map<string, number>();
  for (const line of output.split('\n')) {
    const [kind, ...fields] = line.split(' ');
    const pid = Number(fields[0]);
    const beam = beams.get(pid);
    if (kind === 'P') {
      const row = rows.find((r) => r.pid === pid && r.startTicks === Number(fields[3]));
      if (!row) continue;
      beams.set(pid, {
        row,
        parentPid: Number(fields[1]),
        terminal: fields[2] !== '0',
        leaderGone: fields[4] === 'gone',
        startTicks: Number(fields[3]),
        listening: new Set(),
        connections: [],
      });
    } else if (kind === 'E') registered.set(fields.slice(0, -1).join(' '), Number(fields.at(-1)));
    else if (kind === 'L') beam?.listening.add(Number.parseInt(fields[1] ?? '', 16));
    else if (kind === 'C')
      beam?.connections.push({
        localPort: Number.parseInt(fields[1] ?? '', 16),
        address: addressOf(fields[2] ?? ''),
        port: Number.parseInt(fields[3] ?? '', 16),
      });
  }
  return [...beams.values()].map((beam) => nodeOf(beam, beams, registered, bootId));
}

function nodeOf(
  beam: Beam,
  beams: ReadonlyMap<number, Beam>,
  registered: ReadonlyMap<string, number>,
  bootId: string,
): ErlangNode {
  const { row, listening } = beam;
  const name = nameIn(row.command);
  const own = distributionPorts(beam, name, registered, beams);
  const peers: ErlangPeer[] = [];
  for (const { localPort, address, port } of beam.connections) {
    const other = [...beams.values()].find(
      (b) => b !== beam && b.connections.some((c) => c.localPort === port && c.port === localPort),
    );
    const theirs = [...registered.values()].includes(port) || (other?.listening.has(port) ?? false);
    // What it listens on and has a connection at is incoming; the rest it opened itself.
    const incoming = listening.has(localPort);
    if (incoming ? !own.has(localPort) : !theirs) continue;
    peers.push({
      key: `${address}:${port}`,
      address,
      port,
      ...(other
        ? {
            process: {
              identity: { bootId, pid: other.row.pid, startTicks: other.startTicks },
              command: other.row.command,
              parentPid: other.parentPid,
              terminal: other.terminal,
              sessionGone: other.leaderGone,
            },
          }
        : {}),
    });
  }
  return {
    identity: { bootId, pid: row.pid, startTicks: beam.startTicks },
    ...(name === undefined ? {} : { name }),
    command: row.command,
    remoteShell: / -remsh /.test(row.command) || /^rem-/.test(name ?? ''),
    peers,
  };
}

/**
 * epmd knows the port by the node's name. Without epmd it is the one that a beam of this host is connected to, or
 * the lowest that the node was told to take.
 */
function distributionPorts(
  beam: Beam,
  name: string | undefined,
  registered: ReadonlyMap<string, number>,
  beams: ReadonlyMap<number, Beam>,
): Set<number> {
  const ports = new Set<number>();
  const known = registered.get((name ?? '').split('@')[0] ?? '');
  if (known !== undefined && beam.listening.has(known)) ports.add(known);
  for (const [, port] of beam.row.command.matchAll(/inet_dist_listen_m(?:in|ax) (\d+)/g))
    if (beam.listening.has(Number(port))) ports.add(Number(port));
  for (const other of beams.values())
    if (other !== beam)
      for (const { port } of other.connections) if (beam.listening.has(port)) ports.add(port);
  return ports;
}

function nameIn(command: string): string | undefined {
  const name = / -s?name (\S+)/.exec(command)?.[1];
  return name === 'undefined' ? undefined : name;
}

/** /proc/net/tcp prints each 32-bit word of an address as this machine's integer: little-endian nearly everywhere. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((b) => Number.parseInt(b, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  // An IPv4 connection of a socket that takes both.
  if (bytes.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255') return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}
