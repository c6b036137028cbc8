import { randomBytes } from 'node:crypto';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { LabHost } from '../labHost.ts';
import { waitUntil } from '../waitUntil.ts';

/** A process of a host to be aimed at, which writes down each signal that reaches it. */
export interface Target {
  identity: ProcessIdentity;
  /** The machine's own pid. */
  outerPid: number;
  /** `TERM\n` for each one that came. */
  heard(): Promise<string>;
  /** Resolves once the first has come. */
  signalled(): Promise<void>;
  alive(): boolean;
  /** Of /proc/PID/stat; undefined once it is gone. */
  state(): string | undefined;
  /** Resolves once its number is free. */
  gone(): Promise<void>;
  /** Ends it from outside, unheard. */
  end(): void;
}

export interface TargetOptions {
  /** `noted`: written down, and it ends. `ignored`: written down, and it stays. Default `noted`. */
  term?: 'noted' | 'ignored';
  user?: 'root' | 'deploy';
  /** What it calls itself; the whole command line. */
  title?: string;
  /** Short processes of its own, that end with it. */
  children?: number;
  /** The number that it gets, which must be free. */
  pid?: number;
}

const PROGRAM = `$| = 1;
my ($file, $ends, $children, $want, $title) = @ARGV;
# The kernel gives out the next number; somebody else may be faster.
while ($want && $$ != $want) {
  open(my $last, '>', '/proc/sys/kernel/ns_last_pid') or die; print $last $want - 1; close $last;
  my $p = fork // die;
  if ($p) { exit if $p == $want; waitpid $p, 0 } elsif ($$ != $want) { exit }
}
$0 = $title if $title ne '';
for (1 .. $children) { my $p = fork // die; next if $p; $SIG{TERM} = 'DEFAULT'; sleep 600 while 1 }
$SIG{TERM} = sub { open(my $f, '>>', $file) or die; syswrite($f, "TERM\\n"); exit if $ends };
open(my $f, '>', "$file.up") or die; print $f "$$\\n"; close $f;
sleep 600 while 1;
`;

export async function startTarget(host: LabHost, options: TargetOptions = {}): Promise<Target> {
  const { term = 'noted', user = 'root', title = '', children = 0, pid: wanted = 0 } = options;
  const file = `/tmp/target-${randomBytes(6).toString('hex')}`;
  const argv = [
    'perl',
    '-e',
    PROGRAM,
    file,
    term === 'noted' ? '1' : '',
    String(children),
    String(wanted),
    title,
  ];
  await host.start(argv, { user });
  const { bootId, pid, startTicks } = await waitUntil('the target', 10_000, async () => {
    const read = await host.exec(
      `p=$(cat ${file}.up) && cat /proc/sys/kernel/random/boot_id && echo $p && sed 's/.*) //' /proc/$p/stat | cut -d' ' -f20`,
    );
    const [bootId = '', pid, ticks] = read.stdout.trim().split('\n');
    return ticks === undefined ? undefined : { bootId, pid: Number(pid), startTicks: Number(ticks) };
  });
  const outer = () => host.processes().find((one) => one.innerPid === pid && one.pid === outerPid);
  const outerPid = host.processes().find((one) => one.innerPid === pid)?.pid ?? -1;
  const heard = async () => (await host.exec(`cat ${file} 2>/dev/null || :`)).stdout;
  return {
    identity: { bootId, pid, startTicks },
    outerPid,
    heard,
    async signalled() {
      await waitUntil('a signal', 20_000, async () => ((await heard()) === '' ? undefined : true));
    },
    alive: () => {
      const seen = outer();
      return seen !== undefined && seen.state !== 'Z';
    },
    state: () => outer()?.state,
    async gone() {
      await waitUntil('its end', 10_000, () =>
        host.processes().some((one) => one.innerPid === pid) ? undefined : true,
      );
    },
    end() {
      try {
        process.kill(outerPid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    },
  };
}
