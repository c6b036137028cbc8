import type { RunResult } from '../sessions/session.ts';

/** What of a host decides whether and how it can be profiled. Text is hostile. */
export interface ProfileLook {
  /** Of the account that looked. */
  uid: number;
  gid: number;
  /** `perf`, where it runs. */
  perf: boolean;
  /** kernel.perf_event_paranoid; undefined where the kernel has no perf events. */
  paranoid: number | undefined;
  /** What root has to become somebody else: su is everywhere, and knows accounts with a name and their own group only. */
  become: 'setpriv' | 'su' | undefined;
  processes: Map<number, LookedAt>;
}

export interface LookedAt {
  startTicks: number;
  uid: number;
  /** `#4711` where it has no name. */
  user: string;
  gid: number;
  /** The executable's name; undefined where it may not be read. */
  executable: string | undefined;
  /** It has left a map of its JIT's functions for perf. */
  jitMap: boolean;
}

/**
 * The command that looks: read-only. Its processes are of whoever owns them, and what they run may be read by nobody
 * else but root.
 */
export function profileLookCommand(sudo: boolean, pids: readonly number[]): string[] {
  // Of the login: ours is root's by then. Not in general, for a shell that sudo began may have changed accounts since.
  const account = sudo ? 'id=$SUDO_UID group=$SUDO_GID' : 'id=$(id -u) group=$(id -g)';
  const argv = ['sh', '-c', `${account}\n${SCRIPT}`, 'fireline', ...pids.map(String)];
  return sudo ? ['sudo', '-n', '--', ...argv] : argv;
}

const SCRIPT = String.raw`LC_ALL=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export LC_ALL PATH
has() { command -v "$1" >/dev/null 2>&1; }
paranoid=; { read -r paranoid < /proc/sys/kernel/perf_event_paranoid; } 2>/dev/null
perf=0; has perf && perf --version >/dev/null 2>&1 && perf=1
become=; if setpriv --help 2>&1 | grep -q -e --reuid; then become=setpriv; elif has su; then become=su; fi
printf '@host\t%s\t%s\t%s\t%s\t%s\n' "$id" "$group" "$perf" "$paranoid" "$become"
for p; do
  line=; { IFS= read -r line < "/proc/$p/stat"; } 2>/dev/null; [ -n "$line" ] || continue
  start=$(printf %s "@{line##*\) }" | awk '{ print $20 }')
  owner=$(stat -c '%u	%g	%U' "/proc/$p" 2>/dev/null) || continue
  exe=$(readlink "/proc/$p/exe" 2>/dev/null | tr -d '\000-\037'); exe=@{exe% (deleted)}
  inner=$(awk '/^NSpid:/ { print $NF }' "/proc/$p/status" 2>/dev/null)
  map=0; [ -e "/proc/$p/root/tmp/perf-@{inner:-$p}.map" ] && map=1
  printf '@process\t%s\t%s\t%s\t%s\t%s\n' "$p" "$start" "$owner" "@{exe##*/}" "$map"
done
`.replaceAll('@{', '${');

/** Undefined where the host did not answer in this form. */
export function readProfileLook({ stdout }: Pick<RunResult, 'stdout'>): ProfileLook | undefined {
  let look: ProfileLook | undefined;
  for (const line of stdout.split('\n')) {
    const [mark, ...fields] = line.split('\t');
    if (mark === '@host') {
      const [uid = '', gid = '', perf, paranoid = '', become] = fields;
      look = {
        uid: Number(uid),
        gid: Number(gid),
        perf: perf === '1',
        paranoid: /^-?\d+$/.test(paranoid) ? Number(paranoid) : undefined,
        become: become === 'setpriv' || become === 'su' ? become : undefined,
        processes: new Map(),
      };
    }
    if (mark === '@process' && look) {
      const [pid, start, uid, gid, user = '', executable = '', map] = fields;
      const numbers = [pid, start, uid, gid].map(Number);
      if (numbers.some((value) => !Number.isInteger(value) || value < 0)) continue;
      const [pidNumber = 0, startTicks = 0, uidNumber = 0, gidNumber = 0] = numbers;
      look.processes.set(pidNumber, {
        startTicks,
        uid: uidNumber,
        gid: gidNumber,
        user: user === 'UNKNOWN' || user === '' ? `#${uidNumber}` : user,
        executable: executable === '' ? undefined : executable,
        jitMap: map === '1',
      });
    }
  }
  return look;
}

export const isNode = (executable: string | undefined) =>
  executable !== undefined && /^(?:node|nodejs)(?:-?\d[\d.]*)?$/.test(executable);
