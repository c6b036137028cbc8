import type { KillArguments } from '../../../shared/model/remediation.ts';
import { type Privilege, withPrivilege } from './privilege.ts';

/**
 * The command that signals, guarded: boot id and start time are checked in the process that signals, with no fork
 * and no exec between. With perl and a kernel of 5.3 or later the signal goes through a pidfd, opened before the
 * check: it is bound to the process, so a pid that is reused in between cannot be hit. Otherwise the gap is a few
 * microseconds. It then watches whether the process goes, without a fork a look in perl.
 *
 * A /proc that is of another pid namespace than the signaller's own (a pod that has changed its root to its machine's) would
 * name one process and signal another: nothing is done there.
 *
 * It prints lines of tab-separated fields: `refused KIND …`, `sent HOW`, `error NUMBER TEXT`, `end STATE MS`, and exits with
 * 0 gone, 3 standing, 4 refused, 5 not delivered.
 */
export function killCommand(
  { target, signal }: KillArguments,
  how: {
    perl: boolean;
    privilege: Privilege;
    waitMs: number;
    /** Signalled after it, each if it is still the same. */
    others?: readonly { pid: number; startTicks: number }[];
  },
): string[] {
  const others = how.others ?? [];
  const values = [
    target.bootId,
    String(target.pid),
    String(target.startTicks),
    signal,
    String(how.waitMs),
    ...others.map((one) => `${one.pid}:${one.startTicks}`),
  ];
  const more = others.length === 0 ? '' : `, and then its ${others.length} descendants`;
  const intent = `# kill -${signal} ${target.pid}, if it is still the process of start tick ${target.startTicks}${more}\n`;
  return withPrivilege(how.privilege, [
    ...(how.perl ? ['perl', '-e', intent + PERL] : ['sh', '-c', intent + SHELL, 'kill']),
    ...values,
  ]);
}

/** What came of it, as the host printed it. Text is hostile. */
export type KillOutput =
  | { kind: 'refused'; reason: KillRefusal }
  | { kind: 'error'; notPermitted: boolean; text: string }
  | {
      kind: 'sent';
      how: 'pidfd' | 'kill';
      end: 'gone' | 'zombie' | 'standing' | 'unknown';
      afterMs: number | undefined;
    }
  /** It ended before it said anything. */
  | { kind: 'silent' };

export type KillRefusal =
  | { kind: 'boot' }
  | { kind: 'foreign' }
  | { kind: 'gone' }
  | { kind: 'zombie'; parentPid: number }
  | { kind: 'other'; name: string; command: string };

export function parseKillOutput(stdout: string): KillOutput {
  const lines = stdout.split('\n').map((line) => line.split('\t'));
  const refused = lines.find((f) => f[0] === 'refused');
  if (refused) {
    const [, kind, first = '', second = ''] = refused;
    if (kind === 'boot' || kind === 'foreign' || kind === 'gone')
      return { kind: 'refused', reason: { kind } };
    if (kind === 'zombie') return { kind: 'refused', reason: { kind, parentPid: Number(first) || 0 } };
    return { kind: 'refused', reason: { kind: 'other', name: first, command: second } };
  }
  const error = lines.find((f) => f[0] === 'error');
  if (error) {
    const text = error[2] ?? '';
    return { kind: 'error', notPermitted: error[1] === '1' || /not permitted/i.test(text), text };
  }
  const sent = lines.find((f) => f[0] === 'sent');
  if (!sent) return { kind: 'silent' };
  const end = lines.find((f) => f[0] === 'end');
  const state = end?.[1];
  return {
    kind: 'sent',
    how: sent[1] === 'pidfd' ? 'pidfd' : 'kill',
    end: state === 'gone' || state === 'zombie' || state === 'standing' ? state : 'unknown',
    afterMs: end ? Number(end[2]) : undefined,
  };
}

/** 434 is pidfd_open and 424 pidfd_send_signal in every call table since 5.1 but those of alpha and mips. */
const PERL = String.raw`use strict; $| = 1;
my ($boot, $pid, $start, $signal, $wait, @others) = @ARGV;
my $number = {TERM => 15, KILL => 9}->{$signal} or die "signal\n";
sub look {
  my $which = @_ ? shift : $pid;
  open(my $file, '<', "/proc/$which/stat") or return;
  my $line = <$file>;
  return unless defined $line && $line =~ /\A\d+ \((.*)\) (\S) (\d+) (.*)/s;
  my ($name, $state, $parent, @f) = ($1, $2, $3, split ' ', $4);
  # The first thread may have ended, and the others live.
  return {name => $name, dead => $state =~ /[ZX]/ && $f[15] < 2, parent => $parent, start => $f[17]};
}
sub refuse { print join("\t", 'refused', @_), "\n"; exit 4 }
sub plain { my $text = shift; $text =~ tr/\0-\037\177/ /; return substr($text, 0, 1000) }
open(my $id, '<', '/proc/sys/kernel/random/boot_id') or refuse('boot');
chomp(my $now = <$id>);
refuse('boot') if $now ne $boot;
my $self = readlink '/proc/self';
refuse('foreign') unless defined $self && $self eq $$;
my $machine = eval { require POSIX; (POSIX::uname())[4] } || '';
my $fd = $machine =~ /^(x86_64|i\d86|aarch64|arm|riscv|ppc|s390)/ ? syscall(434, $pid + 0, 0) : -1;
my $process = look() or refuse('gone');
if ($process->{start} != $start) {
  my $command = '';
  if (open(my $file, '<', "/proc/$pid/cmdline")) { local $/; $command = <$file> }
  refuse('other', plain($process->{name}), plain(defined $command ? $command : ''));
}
refuse('zombie', $process->{parent}) if $process->{dead};
my $sent = $fd >= 0 ? syscall(424, $fd, $number, 0, 0) == 0 : kill($number, $pid) == 1;
unless ($sent) { print join("\t", 'error', $! + 0, "$!"), "\n"; exit 5 }
print "sent\t", ($fd >= 0 ? 'pidfd' : 'kill'), "\n";
my %left;
for (@others) {
  my ($other, $began) = split /:/;
  my $handle = $machine =~ /^(x86_64|i\d86|aarch64|arm|riscv|ppc|s390)/ ? syscall(434, $other + 0, 0) : -1;
  my $found = look($other) or next;
  next if $found->{start} != $began || $found->{dead};
  $left{$other} = $began if $handle >= 0 ? syscall(424, $handle, $number, 0, 0) == 0 : kill($number, $other) == 1;
}
print "others\t", scalar(keys %left), "\n" if @others;
for (my $ms = 0; ; $ms += 50) {
  $process = look();
  my $state = !$process || $process->{start} != $start ? 'gone' : $process->{dead} ? 'zombie' : 'standing';
  for (keys %left) { my $found = look($_); delete $left{$_} if !$found || $found->{start} != $left{$_} || $found->{dead} }
  $state = 'standing' if %left;
  if ($state ne 'standing' || $ms >= $wait) { print "end\t$state\t$ms\n"; exit($state eq 'standing' ? 3 : 0) }
  select(undef, undef, undef, 0.05);
}
`;

const SHELL =
  String.raw`set -f; LC_ALL=C; export LC_ALL; boot=$1 pid=$2 start=$3 signal=$4 wait=$5; shift 5; others="$*"
look() { line=; { IFS= read -r line < "/proc/@{1:-$pid}/stat"; } 2>/dev/null; [ -n "$line" ] || { now=; return 1; }; set -- @{line##*\) }; state=$1 parent=$2 now=@{20}; case $1 in Z|X) [ "@{18}" -gt 1 ] || state=dead;; esac; }
now=; { read -r now < /proc/sys/kernel/random/boot_id; } 2>/dev/null
[ "$now" = "$boot" ] || { printf 'refused\tboot\n'; exit 4; }
self=; { read -r self line < /proc/self/stat; } 2>/dev/null
[ "$self" = $$ ] || { printf 'refused\tforeign\n'; exit 4; }
look || { printf 'refused\tgone\n'; exit 4; }
if [ "$now" != "$start" ]; then
  name=@{line#*\(}; name=@{name%\)*}
  printf 'refused\tother\t%s\t%s\n' "$(printf %s "$name" | tr '\000-\037\177' ' ')" "$({ tr '\000-\037\177' ' ' < "/proc/$pid/cmdline"; } 2>/dev/null | cut -c1-1000)"
  exit 4
fi
[ "$state" != dead ] || { printf 'refused\tzombie\t%s\n' "$parent"; exit 4; }
kill -s "$signal" "$pid" 2>/dev/null || { printf 'error\t0\t%s\n' "$(kill -s 0 "$pid" 2>&1)"; exit 5; }
printf 'sent\tkill\n'
left=; for o in $others; do p=@{o%:*}; look "$p" && [ "$now" = "@{o#*:}" ] && kill -s "$signal" "$p" 2>/dev/null && left="$left $o"; done
[ -z "$others" ] || { set -- $left; printf 'others\t%s\n' $#; }
ms=0
while :; do
  if look && [ "$now" = "$start" ]; then if [ "$state" = dead ]; then end=zombie; else end=standing; fi; else end=gone; fi
  for o in $left; do look "@{o%:*}" && [ "$now" = "@{o#*:}" ] && [ "$state" != dead ] && end=standing; done
  if [ "$end" != standing ] || [ "$ms" -ge "$wait" ]; then printf 'end\t%s\t%s\n' "$end" "$ms"; [ "$end" = standing ] && exit 3; exit 0; fi
  sleep 1; ms=$((ms + 1000))
done
`.replaceAll('@{', '${');
