import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killCommand, parseKillOutput } from '../../electron/core/remediation/killScript.ts';
import type { ProcessIdentity } from '../../shared/model/process.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';

/**
 * No wrong process is ever signalled: real processes in a pid namespace of their own, whose numbers are given out
 * again on purpose (ns_last_pid), with the guard's own command against what a list of its own says must happen.
 */
describe.skipIf(!labIsWanted)('the guard of a kill, against pids that come back', () => {
  let lab: Lab;
  let driver: Driver;
  beforeAll(async () => {
    lab = await startLab({ hosts: 1 });
    const { file, args } = lab.host('web1').enter(['perl', '-e', DRIVER]);
    driver = new Driver(spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  });
  afterAll(async () => {
    await driver?.end();
    await lab?.stop();
  });

  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('fork' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('exit', 'zombie', 'reuse', 'reuse'), of: fc.nat() }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reboot' as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('signal' as const),
        of: fc.nat(),
        perl: fc.boolean(),
        others: fc.array(fc.nat(), { maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('race' as const), of: fc.nat(), delayUs: fc.nat(30_000) }),
    },
  );

  it('signals whom it was planned for and nobody else, whatever happened in between', async () => {
    let signals = 0;
    let reused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        const planned: { identity: ProcessIdentity; serial: number }[] = [];
        /** Who is alive, by pid. */
        const alive = new Map<number, { serial: number; startTicks: number; zombie: boolean }>();
        const expected = new Map<number, number>();
        let bootId = await driver.boot();
        const start = async (pid: number) => {
          const born = await driver.fork(pid);
          alive.set(born.pid, { ...born, zombie: false });
          planned.push({
            identity: { bootId, pid: born.pid, startTicks: born.startTicks },
            serial: born.serial,
          });
        };
        const isSame = ({ identity }: { identity: ProcessIdentity }) => {
          const now = alive.get(identity.pid);
          return now !== undefined && now.startTicks === identity.startTicks && !now.zombie;
        };
        const expectOne = (serial: number) => expected.set(serial, (expected.get(serial) ?? 0) + 1);
        await start(0);
        for (const one of steps) {
          if (one.do === 'fork') await start(0);
          else if (one.do === 'reboot') bootId = await driver.boot();
          else {
            const plan = planned[one.of % planned.length];
            if (!plan) continue;
            const { pid } = plan.identity;
            if (one.do === 'exit' && alive.delete(pid)) await driver.exit(pid);
            if (one.do === 'zombie' && alive.has(pid)) {
              await driver.zombie(pid);
              alive.set(pid, { serial: 0, startTicks: alive.get(pid)?.startTicks ?? 0, zombie: true });
            }
            if (one.do === 'reuse') {
              if (alive.delete(pid)) await driver.exit(pid);
              await start(pid);
              reused++;
            }
            if (one.do === 'signal') {
              const others = one.others
                .map((index) => planned[index % planned.length])
                .filter((other) => other !== undefined && other.identity.pid !== pid);
              const distinct = [...new Map(others.map((other) => [other?.identity.pid, other])).values()];
              const ran = await driver.run(
                killCommand(
                  { target: plan.identity, signal: 'TERM' },
                  {
                    perl: one.perl,
                    privilege: 'none',
                    waitMs: 0,
                    others: distinct.flatMap((other) => (other ? [other.identity] : [])),
                  },
                ),
              );
              const must = plan.identity.bootId === bootId && isSame(plan);
              expect(parseKillOutput(ran).kind).toBe(must ? 'sent' : 'refused');
              if (must) {
                expectOne(plan.serial);
                signals++;
                for (const other of distinct) if (other && isSame(other)) expectOne(other.serial);
                // Signals of one kind do not queue: each is heard before the next.
                await driver.heard();
              }
            }
            if (one.do === 'race' && isSame(plan) && plan.identity.bootId === bootId) {
              // Whether the old one hears it is open; the new one, of the same number, must not.
              const born = await driver.race(
                pid,
                one.delayUs,
                killCommand(
                  { target: plan.identity, signal: 'TERM' },
                  { perl: true, privilege: 'none', waitMs: 0 },
                ),
              );
              alive.set(pid, { ...born, zombie: false });
              planned.push({ identity: { bootId, pid, startTicks: born.startTicks }, serial: born.serial });
              expected.delete(plan.serial);
              reused++;
            }
          }
        }
        const heard = await driver.heard();
        const living = new Set([...alive.values()].filter((one) => !one.zombie).map((one) => one.serial));
        // What the dead heard went with them; the living tell exactly.
        for (const serial of living)
          expect([serial, heard.get(serial) ?? 0]).toEqual([serial, expected.get(serial) ?? 0]);
        await driver.clear();
      }),
      { numRuns: 80, interruptAfterTimeLimit: 50_000 },
    );
    expect(signals).toBeGreaterThan(20);
    expect(reused).toBeGreaterThan(20);
  });
});

/** One line in, one line out. */
class Driver {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (!child.stdout) throw new Error('the driver has no output');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async #ask(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the driver ended at ${line.slice(0, 80)}`);
    return value;
  }

  /** Another boot; its id. */
  boot = () => this.#ask('boot');
  /** With this number, or any where it is 0. */
  fork = async (pid: number) => bornOf(await this.#ask(`fork ${pid}`));
  exit = (pid: number) => this.#ask(`exit ${pid}`);
  zombie = (pid: number) => this.#ask(`zombie ${pid}`);
  clear = () => this.#ask('clear');
  run = async (argv: readonly string[]) =>
    Buffer.from(await this.#ask(`run ${hexOf(argv)}`), 'hex').toString();
  /** Ends the process and gives its number to another while the command runs. */
  race = async (pid: number, delayUs: number, argv: readonly string[]) =>
    bornOf(await this.#ask(`race ${pid} ${delayUs} ${hexOf(argv)}`));

  /** How many signals each living process has had. */
  async heard(): Promise<Map<number, number>> {
    const counts = (await this.#ask('heard')).trim().split(' ').filter(Boolean);
    return new Map(counts.map((one) => one.split(':').map(Number) as [number, number]));
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await gone;
  }
}

const hexOf = (argv: readonly string[]) => argv.map((word) => Buffer.from(word).toString('hex')).join(' ');

function bornOf(line: string): { pid: number; startTicks: number; serial: number } {
  const [pid = 0, startTicks = 0, serial = 0] = line.split(' ').map(Number);
  return { pid, startTicks, serial };
}

/**
 * The parent of all processes that are aimed at. Each counts its SIGTERMs and tells the count when asked by SIGWINCH,
 * which the kernel delivers after a SIGTERM that waits. Start times count in ticks of 10 ms: a number that comes back
 * within one could not be told apart, and no kernel gives out all its numbers in that time; so a tick passes first.
 */
const DRIVER = String.raw`
use strict; use Time::HiRes qw(sleep usleep); use POSIX ':sys_wait_h'; $| = 1;
my (%live, %dead, $serial); $serial = 0;
sub born { my ($want) = @_;
  for (1 .. 500) {
    if ($want) { sleep 0.011; open(my $f, '>', '/proc/sys/kernel/ns_last_pid') or die "ns_last_pid: $!"; print $f $want - 1; close $f }
    my $id = ++$serial; pipe(my $r, my $w) or die; select((select($w), $| = 1)[0]);
    my $pid = fork // die "fork: $!";
    if (!$pid) {
      my $n = 0; close $r; close STDIN;
      $SIG{TERM} = sub { $n++ }; $SIG{WINCH} = sub { syswrite($w, "$n\n") };
      syswrite($w, "up\n"); sleep 60 while getppid() != 1; exit;
    }
    close $w; my $up = <$r>;
    if ($want && $pid != $want) { kill 'KILL', $pid; waitpid $pid, 0; next }
    open(my $f, '<', "/proc/$pid/stat") or die; my $line = <$f>; $line =~ s/.*\) //s;
    $live{$pid} = {id => $id, pipe => $r}; return $pid . ' ' . (split ' ', $line)[19] . " $id";
  }
  die "pid $want is never free\n";
}
sub gone { my ($pid) = @_; delete $live{$pid}; kill 'KILL', $pid; waitpid $pid, 0; delete $dead{$pid} }
sub command { map { pack 'H*', $_ } @_ }
while (my $line = <STDIN>) {
  my ($do, @rest) = split ' ', $line;
  if ($do eq 'boot') {
    my $id = join '-', map { sprintf '%04x', rand 65536 } 1 .. 8;
    open(my $f, '+<', '/run/lab/etc/boot_id') or die "boot_id: $!"; truncate $f, 0; print $f "$id\n"; close $f; print "$id\n";
  } elsif ($do eq 'fork') { gone($rest[0]) if $dead{$rest[0]}; print born($rest[0]), "\n" }
  elsif ($do eq 'exit') { gone($rest[0]); print "ok\n" }
  elsif ($do eq 'zombie') { my $pid = $rest[0]; delete $live{$pid}; $dead{$pid} = 1; kill 'KILL', $pid; my $s = ''; while ($s ne 'Z') { open(my $f, '<', "/proc/$pid/stat") or last; ($s) = <$f> =~ /.*\) (\S)/s } print "ok\n" }
  elsif ($do eq 'clear') { gone($_) for keys(%live), keys(%dead); print "ok\n" }
  elsif ($do eq 'run') { open(my $p, '-|', command(@rest)) or die; local $/; my $out = <$p>; close $p; print unpack('H*', $out // ''), "\n" }
  elsif ($do eq 'race') {
    my ($pid, $delay, @words) = @rest;
    my $guard = fork // die;
    if (!$guard) { open STDOUT, '>', '/dev/null'; exec command(@words); exit 127 }
    usleep $delay; gone($pid); my $new = born($pid); waitpid $guard, 0; print "$new\n";
  }
  elsif ($do eq 'heard') { print join(' ', map { kill 'WINCH', $_; my $r = $live{$_}{pipe}; my $n = <$r>; chomp $n; "$live{$_}{id}:$n" } keys %live), "\n" }
}
gone($_) for keys(%live), keys(%dead);
`;
