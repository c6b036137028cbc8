# The resident sampler, perl implementation. Core perl only; nothing is forked after the start.
# Arguments: token, root ('' on a host, a recorded tree in tests), clock ticks a second, page bytes.
# A line "SEQ [f|r]" on stdin asks for a frame (f: read every process, r: forget and tell all again); end of file ends it.
# The frame format is described in frame.ts; sampler.awk must yield the same frames.
use strict;
no warnings;

my ($token, $root, $hz, $page) = @ARGV;
$0 = 'fireline-sampler';
my $proc = "$root/proc";
my $hires = eval { require Time::HiRes; 1 };
my $buf;

# Whole file, or undef. Bounded: nothing that is read here is honestly larger.
sub slurp {
  my ($path) = @_;
  sysopen(F, $path, 0) or return undef;
  my ($all, $n) = ('', 0);
  while ($n = sysread(F, $buf, 65536)) {
    $all .= $buf;
    last if length($all) > 4194304;
  }
  close F;
  return $all;
}

sub line1 {
  my $s = slurp($_[0]);
  return '' unless defined $s;
  $s =~ s/\n.*//s;
  return $s;
}

sub esc {
  my ($s) = @_;
  $s =~ s/([\x00-\x1f\x7f\\])/$1 eq "\\" ? "\\\\" : $1 eq "\n" ? "\\n" : $1 eq "\t" ? "\\t" : sprintf("\\x%02x", ord $1)/ge;
  return $s;
}

# Globals: what did not change since the last frame is not told again.
# Whether the machine's kernel has killed for memory since the frame before.
my ($out, $seq, %last, $killed);
sub tell_changed {
  my ($key, $value) = @_;
  return 0 if defined $last{$key} && $last{$key} eq $value;
  $last{$key} = $value;
  $out .= "$key $value\n";
  return 1;
}

# Tables: rows that come and go. A row is told when its values differ from what was told, by its key alone when it went.
my %rows;
sub tell_table {
  my ($table, $now) = @_;
  my $before = $rows{$table} ||= {};
  $out .= "y $table\n";
  for (keys %$before) {
    next if exists $now->{$_};
    delete $before->{$_};
    $out .= "r$table $_\n";
  }
  for (keys %$now) {
    next if $before->{$_} eq $now->{$_};
    $before->{$_} = $now->{$_};
    $out .= "r$table $_\t$now->{$_}\n";
  }
}

my %wanted_memory = map { $_ => 1 } qw(MemTotal MemFree MemAvailable Buffers Cached SReclaimable Shmem SwapTotal SwapFree);
my ($busy, $last_busy, %interfaces);

sub globals {
  $killed = 0;
  my $s = line1("$proc/uptime");
  $out .= "T $1\n" if $s =~ /^(\S+)/;
  $s = line1("$proc/loadavg");
  $out .= "L $s\n" if $s ne '';
  if (defined($s = slurp("$proc/stat"))) {
    while ($s =~ /^(cpu\d*) +(.*)$/mg) {
      $out .= "c$1 $2\n";
      if ($1 eq 'cpu') {
        my @t = split / /, $2;
        $busy = $t[0] + $t[1] + $t[2] + $t[5] + $t[6];
      }
    }
    while ($s =~ /^(btime|processes|procs_running|procs_blocked) (\d+)/mg) { tell_changed("s$1", $2) }
  }
  if (defined($s = slurp("$proc/meminfo"))) {
    while ($s =~ /^(\w+): +(\d+)/mg) { tell_changed("m$1", $2) if $wanted_memory{$1} }
  }
  if (defined($s = slurp("$proc/vmstat"))) {
    $killed = tell_changed('voom_kill', $1) if $s =~ /^oom_kill (\d+)/m;
  }
  if (defined($s = slurp("$proc/net/dev"))) {
    while ($s =~ /^ *(\S+): *(.*)$/mg) {
      my $name = $1;
      my @t = split ' ', $2;
      next if $name eq 'lo' || @t < 12;
      $interfaces{$name} = 1;
      tell_changed('i' . esc($name), "$t[0] $t[8] $t[2] $t[10] $t[3] $t[11] $t[1] $t[9]");
    }
  }
  if (defined($s = slurp("$proc/diskstats"))) {
    my %whole;
    for (split /\n/, $s) {
      my @t = split;
      my $name = $t[2];
      next if @t < 14 || $name =~ /^(loop|ram|zram|dm-|md|sr|fd)/;
      my $disk = $name; # the disk that this would be a partition of
      $disk =~ /\dp\d+$/ ? $disk =~ s/p\d+$// : $disk =~ s/\d+$//;
      next if $disk ne $name && $whole{$disk};
      $whole{$name} = 1;
      tell_changed('d' . esc($name), "$t[3] $t[5] $t[7] $t[9] $t[12]");
    }
  }
  for my $what (qw(cpu memory io)) {
    next unless defined($s = slurp("$proc/pressure/$what"));
    while ($s =~ /^(some|full) avg10=([\d.]+)/mg) { tell_changed("p$what.$1", $2) }
  }
}

# Control groups of a process: the paths of memory and of cpu in version 1, and that of version 2.
sub group_paths {
  my ($pid) = @_;
  my ($memory, $cpu, $v2);
  for (split /\n/, slurp("$proc/$pid/cgroup")) {
    my (undef, $names, $path) = split /:/, $_, 3;
    $path = '' if $path eq '/' || $path =~ m{^/\.\.};
    $memory = $path if $names =~ /(^|,)memory(,|$)/;
    $cpu = $path if $names =~ /(^|,)cpu(,|$)/;
    $v2 = $path if $names eq '';
  }
  return ($memory, $cpu, $v2);
}

# The level of the hierarchy whose limit holds, the smallest between a group and the top: its path and what it says.
sub memory_level {
  my ($memory, $v2) = @_;
  my $top = "$root/sys/fs/cgroup";
  if (defined $memory) {
    my $path = tightest("$top/memory", $memory, sub { my $v = line1("$_[0]/memory.limit_in_bytes"); $v =~ /^\d+$/ && length($v) < 17 ? $v : undef });
    return unless defined $path;
    my $dir = "$top/memory$path";
    my $limit = line1("$dir/memory.limit_in_bytes");
    my $kills = slurp("$dir/memory.oom_control") =~ /^oom_kill (\d+)/m ? $1 : '-';
    return ($path, (length($limit) < 17 ? $limit : 'max') . ' ' . (line1("$dir/memory.usage_in_bytes") || '-') . " $kills", $dir);
  }
  return unless defined $v2;
  my $path = tightest($top, $v2, sub { my $v = line1("$_[0]/memory.max"); $v =~ /^\d+$/ ? $v : undef });
  return unless defined $path;
  my $dir = "$top$path";
  my $limit = line1("$dir/memory.max");
  my $kills = slurp("$dir/memory.events") =~ /^oom_kill (\d+)/m ? $1 : '-';
  return ($path, ($limit =~ /^\d+$/ ? $limit : 'max') . ' ' . (line1("$dir/memory.current") || '-') . " $kills", $dir);
}

# File cache: the part of a group's use that the kernel gives back before it kills, what is read often last. The kernel sums
# it up for whoever asks, over all below: asked only where half of the limit is used.
sub reclaimable {
  my ($dir, $value) = @_;
  my ($limit, $usage) = split / /, $value;
  return '-' unless $limit > 0 && $usage >= $limit / 2;
  my $s = slurp("$dir/memory.stat");
  my $total = $s =~ /^total_inactive_file /m ? 'total_' : '';
  return '-' unless $s =~ /^${total}inactive_file (\d+)/m;
  my $inactive = $1;
  return $inactive + ($s =~ /^${total}active_file (\d+)/m ? $1 : 0);
}

# The same of cpu; the third value is the microseconds for which it was held back.
sub cpu_level {
  my ($cpu, $v2) = @_;
  my $top = "$root/sys/fs/cgroup";
  my ($path, $dir, $quota, $period);
  if (defined $cpu) {
    my $base = -e "$top/cpu" ? "$top/cpu" : "$top/cpu,cpuacct";
    $path = tightest($base, $cpu, sub {
      my $quota = line1("$_[0]/cpu.cfs_quota_us");
      $quota =~ /^\d+$/ ? $quota / (line1("$_[0]/cpu.cfs_period_us") || 100000) : undef;
    });
    return unless defined $path;
    $dir = "$base$path";
    ($quota, $period) = (line1("$dir/cpu.cfs_quota_us"), line1("$dir/cpu.cfs_period_us"));
  } elsif (defined $v2) {
    $path = tightest($top, $v2, sub { line1("$_[0]/cpu.max") =~ /^(\d+) (\d+)/ ? $1 / $2 : undef });
    return unless defined $path;
    $dir = "$top$path";
    ($quota, $period) = split / /, line1("$dir/cpu.max");
  } else { return }
  my $s = slurp("$dir/cpu.stat");
  my $periods = $s =~ /^nr_periods (\d+)/m ? $1 : '-';
  my $throttled = $s =~ /^nr_throttled (\d+)/m ? $1 : '-';
  my $held = $s =~ /^throttled_usec (\d+)/m ? $1 : $s =~ /^throttled_time (\d+)\d\d\d$/m ? $1 : $s =~ /^throttled_time \d/m ? 0 : '-';
  return ($path, ($quota =~ /^\d+$/ ? $quota : 'max') . ' ' . ($period || '-') . " $periods $throttled", $held);
}

sub tightest {
  my ($base, $path, $limit) = @_;
  my ($best, $found);
  for (;;) {
    my $value = $limit->("$base$path");
    ($best, $found) = ($value, $path) if defined $value && (!defined $best || $value < $best);
    last if $path eq '';
    $path =~ s{/[^/]*$}{};
  }
  return $found;
}

# Of our own group.
sub cgroups {
  my ($memory, $cpu, $v2) = group_paths('self');
  my ($path, $value) = memory_level($memory, $v2);
  tell_changed('gm', $value) if defined $path;
  ($path, $value) = cpu_level($cpu, $v2);
  tell_changed('gc', $value) if defined $path;
}

sub facts {
  tell_changed('Fhostname', esc(line1("$proc/sys/kernel/hostname")));
  tell_changed('Fkernel', esc(line1("$proc/sys/kernel/osrelease")));
  tell_changed('Fboot', esc(line1("$proc/sys/kernel/random/boot_id")));
  my $release = slurp("$root/etc/os-release");
  $release = slurp("$root/usr/lib/os-release") unless defined $release;
  tell_changed('Fos', esc($2)) if $release =~ /^PRETTY_NAME=(["']?)(.*?)\1$/m;
  tell_changed('Fhz', $hz);
  tell_changed('Fpage', $page);
}

# Mbit/s of the interfaces that say so; a virtual one may not.
sub link_speeds {
  my (%now, $looked);
  for my $name (sort keys %interfaces) {
    # Hosts of containers have hundreds, whose speed means nothing.
    next if $name =~ /^(veth|cali|br-|cni|lxc|tap|vnet|docker)/;
    last if ++$looked > 32;
    my $speed = line1("$root/sys/class/net/$name/speed");
    $now{esc($name)} = $speed if $speed =~ /^[1-9]\d*$/;
  }
  tell_table('if', \%now);
}

# Processes. Per pid: the raw stat line, what was last told, cpu ticks, children's ticks, parent, start, name,
# until when it is hot, when it was last read, and the command line to compare at the second look.
my (%line, %told, %ticks, %reaped, %parent, %start, %name, %hot, %read_at, %again, %user_told, %user_name);
# Of the dear looks: resident pages, open files as counted and as told, CPU at the last look at control groups, and who
# owns a group of sockets.
my (%pages, %files, %files_told, %counted, %owner, %queued, %mapped);
# The pids whose open files are this tick's to count.
my @tenth;
# How a process that we know ended, as the process connector told it, until it is gone from the list.
my %status;
my ($explained, $read, $residual, $swept, $list, $again_wanted) = (0, 0, 0, 0, '', 0);

sub forget {
  (%last, %interfaces, %line, %told, %ticks, %reaped, %parent, %start, %name, %hot, %read_at, %again, %user_told) = ();
  (%rows, %pages, %files, %files_told, %counted, %owner, %queued, %status, %mapped) = ();
  ($residual, $swept, $list, $last_busy, $again_wanted) = (0, 0, '', undef, 0);
  %user_name = ();
  for (split /\n/, slurp("$root/etc/passwd")) {
    my ($name, undef, $uid) = split /:/;
    $user_name{$uid} = $name unless exists $user_name{$uid};
  }
}

sub gone {
  my ($pid) = @_;
  if (defined $line{$pid}) {
    $out .= defined $status{$pid} ? "-$pid $status{$pid}\n" : "-$pid\n";
    $explained -= $ticks{$pid} + $reaped{$pid};
    $hot{$parent{$pid}} = $seq + 10;
  }
  delete $_->{$pid} for \(%line, %told, %ticks, %reaped, %parent, %start, %name, %hot, %read_at, %again, %pages, %files, %files_told, %counted, %status, %mapped);
}

# The process connector (linux/cn_proc.h): every fork, exec and exit of the machine, short-lived processes too.
# It is trusted where the kernel itself says that it may be: its socket is of the initial network namespace only (elsewhere
# sending to it is refused), and it acknowledges who listens from the initial pid and user namespaces only, whose pids it
# tells; that those are the pids of /proc here, /proc/self says. Numbers of sockets, errors and flags are those of the
# architectures below; perl has no module for any of it in its base.
# An event is one datagram of 76 bytes: nlmsghdr 16, cn_msg 20 (its answer to our number, that and one, at 28), what at 36, cpu, time in ns at 44, then of a
# fork: parent pid, parent tgid, child pid, child tgid; of an exec: pid, tgid; of an exit: pid, tgid, status, signal, and since
# 4.18 the parent's pid and tgid.
use constant { FORK => 1, EXEC => 2, EXIT => 0x80000000, EVENT_BYTES => 76, MOST_EVENTS => 600, ENOBUFS => 105 };
my ($events, $connector, $asked_at, $one_in, $dropped) = (undef, '', 0, 1, 0);
# When (ns) and by whom a process was forked, and whether it has called exec since.
my (%born, %born_by, %executed);

sub listen_to_events {
  return if $root ne '';
  require Config;
  return refuse_events('perl is built for a machine whose socket calls are not known here')
    unless $Config::Config{archname} =~ /^(x86_64|aarch64|riscv64|loongarch64|powerpc64le|ppc64le)-/ && $Config::Config{ptrsize} == 8;
  return refuse_events('/proc is not that of our own pid namespace') unless readlink("$proc/self") eq $$;
  # AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_CONNECTOR.
  return refuse_events("no socket: $!") unless socket($events, 16, 2 | 04000 | 02000000, 11);
  # SO_RCVBUFFORCE, SO_RCVBUF: about 1,200 events; fewer without privilege.
  setsockopt($events, 1, 33, pack 'l', 1048576) || setsockopt($events, 1, 8, pack 'l', 1048576);
  return refuse_events("the kernel does not filter: $!") unless filter_events();
  return refuse_events("not allowed: $!") unless bind($events, pack 'SSLL', 16, 0, 0, 1);
  return refuse_events("another network namespace, or a kernel without it: $!") unless ask_for_events(1);
  $asked_at = $seq;
  # So that END is come by, however we are ended.
  $SIG{$_} = sub { exit 0 } for qw(HUP TERM);
  $SIG{PIPE} = 'IGNORE';
}

# PROC_CN_MCAST_LISTEN 1, PROC_CN_MCAST_IGNORE 2: older kernels count listeners and forget none that does not say that it goes.
sub ask_for_events { syswrite $events, pack('LSSLL', 40, 3, 0, 0, 0) . pack('LLLLSSL', 1, 1, 0, $$, 4, 0, $_[0]) }
END { ask_for_events(2) if $events }

sub refuse_events {
  $connector = "refused: $_[0]";
  close $events if $events;
  $events = undef;
}

# A filter in the kernel (classic BPF) spares us all but the processes' own forks, execs and exits: threads', and other events.
# Where there are too many, it keeps one process in a power of two, by a hash of the pid, so that a fork and its exit stay together.
sub filter_events {
  # What is loaded is taken as of network order.
  my $of = sub { unpack 'N', pack 'L', $_[0] };
  my $bits = length(sprintf '%b', $one_in) - 1;
  my @program = (
    [0x20, 0, 0, 36],
    [0x15, 16, 0, 0], # an answer to us: kept
    [0x15, 3, 0, $of->(FORK)],
    [0x15, 6, 0, $of->(EXEC)],
    [0x15, 5, 0, $of->(EXIT)],
    [0x06, 0, 0, 0],
    [0x20, 0, 0, 60],
    [0x07, 0, 0, 0],
    [0x20, 0, 0, 64],
    [0x05, 0, 0, 3],
    [0x20, 0, 0, 52],
    [0x07, 0, 0, 0],
    [0x20, 0, 0, 56],
    [0x1d, 0, 3, 0], # pid is tgid
    $bits ? ([0x24, 0, 0, 0x9e3779b1], [0x74, 0, 0, 32 - $bits], [0x15, 1, 0, 0]) : ([0x06, 0, 0, 0xffffffff]) x 3,
    [0x06, 0, 0, 0],
    [0x06, 0, 0, 0xffffffff],
  );
  my $program = join '', map { pack 'SCCL', @$_ } @program;
  return setsockopt($events, 1, 26, pack 'Sx![P]P', scalar @program, $program);
}

sub read_events {
  my ($pids) = @_;
  my ($text, $count, $lost, %children) = ('', 0, 0);
  while ($count < 8192) {
    my $length = sysread $events, $text, 256, length $text;
    if ($length) {
      $count++;
      substr($text, -$length) = '' if $length != EVENT_BYTES;
    } elsif (!defined $length && $! == ENOBUFS) {
      $count++;
      $lost = 1;
    } else { last }
  }
  my @f = unpack '(x28 L x4 L x4 Q L6)*', $text;
  for (my $i = 0; $i < @f; $i += 9) {
    my $what = $f[$i + 1];
    if ($what == EXIT) {
      my ($pid, $status) = ($f[$i + 3], $f[$i + 5]);
      my ($from, $by) = (delete $born{$pid}, delete $born_by{$pid} || $f[$i + 8] || $parent{$pid});
      delete $executed{$pid};
      $status{$pid} = $status if defined $line{$pid};
      my $of = $children{$by} ||= [0, 0, 0];
      $of->[2]++;
      $of->[3]{$status}++;
      $of->[4]{$status} = $f[$i + 2] - $from if defined $from && $f[$i + 2] - $from > $of->[4]{$status};
    } elsif ($what == FORK) {
      my ($by, $pid) = @f[$i + 4, $i + 5];
      ($born{$pid}, $born_by{$pid}) = ($f[$i + 2], $by);
      delete $status{$pid};
      ($children{$by} ||= [0, 0, 0])->[0]++;
    } elsif ($what == EXEC) {
      my $pid = $f[$i + 3];
      next unless defined $born{$pid} && !$executed{$pid};
      $executed{$pid} = 1;
      ($children{$born_by{$pid}} ||= [0, 0, 0])->[1]++;
    } elsif ($what == 0 && $f[$i] == $$ + 1 && $connector eq '') {
      $connector = $f[$i + 3] ? 'refused: ' . ($! = $f[$i + 3]) : 'on';
    }
  }
  if ($connector ne 'on') {
    # Old kernels answer a moment later.
    if ($connector ne '') { close $events; $events = undef }
    elsif ($seq > $asked_at) { refuse_events('no answer: this is not the initial pid and user namespace') }
  } else {
    $lost = lost_events() if $lost;
    tell_children(\%children, $lost);
    # Whoever had exited unseen is in there for ever otherwise.
    (%born, %born_by, %executed) = () if keys %born > 4 * $pids + 4096;
    my ($keep, $all) = ($one_in, $count + $lost);
    $keep *= 2 while $all * $one_in / $keep > MOST_EVENTS && $keep < 256;
    $keep /= 2 if $all < MOST_EVENTS / 4 && $keep > 1;
    if ($keep != $one_in) {
      $one_in = $keep;
      filter_events();
    }
  }
}

# The parents that most happened to, at most sixteen; the others are summed up as of parent 0.
sub tell_children {
  my ($children, $lost) = @_;
  $out .= "e $one_in $lost\n";
  my @all = sort { $children->{$b}[0] + $children->{$b}[2] <=> $children->{$a}[0] + $children->{$a}[2] || $a <=> $b } keys %$children;
  my @rest = (0, 0, 0);
  for (splice @all, 16) {
    for my $n (0 .. 2) { $rest[$n] += $children->{$_}[$n] }
  }
  for my $by (@all) {
    my ($started, $executed, $ended, $counts, $longest) = @{ $children->{$by} };
    my @statuses = sort { $counts->{$b} <=> $counts->{$a} || $a <=> $b } keys %$counts;
    $out .= "x$by $started $executed $ended";
    for (splice @statuses, 0, 4) {
      $out .= " $_:$counts->{$_}:" . (defined $longest->{$_} ? sprintf '%.1f', $longest->{$_} / 1e6 : '-');
    }
    $out .= "\n";
  }
  $out .= "x0 @rest\n" if $rest[0] + $rest[1] + $rest[2];
}

# The kernel counts what it could not put into a full buffer.
sub lost_events {
  my $inode = (stat $events)[1];
  my $now = slurp("$proc/net/netlink") =~ /^\S+ +11 .* (\d+) +$inode *$/m ? $1 : $dropped + 1;
  my $lost = $now - $dropped;
  $dropped = $now;
  return $lost;
}

# Reading a command line waits for the process's memory lock: not while it is in state D, where it may never come.
sub command {
  my ($pid, $state) = @_;
  return '' if $state eq 'D' || $state eq 'Z' || !sysopen(F, "$proc/$pid/cmdline", 0);
  my $s = '';
  my $n = sysread(F, $s, 4096);
  close F;
  return '' unless $n;
  $s =~ tr/\0/ /;
  $s =~ s/ +$//;
  return $s;
}

sub user {
  my ($pid) = @_;
  my $s = slurp("$proc/$pid/status");
  return '-' unless $s =~ /^Uid:\t\d+\t(\d+)/m;
  my $uid = $1;
  unless ($user_told{$uid}) {
    $user_told{$uid} = 1;
    $out .= "u$uid " . esc($user_name{$uid}) . "\n" if defined $user_name{$uid};
  }
  return $uid;
}

sub visit {
  my ($pid) = @_;
  my $s;
  unless (sysopen(F, "$proc/$pid/stat", 0) && sysread(F, $s, 4096)) {
    gone($pid) if defined $line{$pid};
    $line{$pid} = undef;
    return;
  }
  $read++;
  my $old = $line{$pid};
  if (defined $old) {
    if ($old eq $s && !defined $again{$pid}) {
      $read_at{$pid} = $seq;
      return;
    }
  }
  $line{$pid} = $s;
  my $end = rindex($s, ')');
  my $begin = index($s, '(');
  my @f = split / /, substr($s, $end + 2), 24;
  return if $end < 0 || @f < 22;
  my ($state, $cpu, $children) = ($f[0], $f[11] + $f[12], $f[13] + $f[14]);
  my $comm = substr($s, $begin + 1, $end - $begin - 1);
  # A kernel worker is renamed with every job.
  $comm =~ s/^(kworker\/u?\d+:\d+H?)[-+].*/$1/s if $f[1] == 2;
  $parent{$pid} = $f[1];
  my $known = defined $old && $start{$pid} == $f[19];
  my $grown = $cpu + $children - ($known ? $ticks{$pid} + $reaped{$pid} : 0);
  $pages{$pid} = $f[21];
  $ticks{$pid} = $cpu;
  $reaped{$pid} = $children;
  $explained += $grown;
  $hot{$pid} = $seq + 10 if $grown > 0 || $state eq 'R' || $state eq 'D';
  my $age = $known ? $seq - $read_at{$pid} : 0;
  $read_at{$pid} = $seq;

  my $name_same = $known && $name{$pid} eq $comm;
  my $now = "$f[1] $state $f[17] $cpu $children $f[21] $f[20]";
  if ($name_same) {
    if (defined $again{$pid} && $state ne 'D') {
      my $command = command($pid, $state);
      my $changed = $command ne $again{$pid} && $state ne 'Z';
      delete $again{$pid};
      if ($changed) {
        $told{$pid} = $now;
        $out .= "+$pid $age $f[19] $now " . user($pid) . "\t" . esc($comm) . "\t" . esc($command) . "\n";
        return;
      }
    }
    return if $told{$pid} eq $now;
    $told{$pid} = $now;
    $out .= "=$pid $age $now\n";
    return;
  }
  $name{$pid} = $comm;
  $start{$pid} = $f[19];
  $told{$pid} = $now;
  my $command = command($pid, $state);
  # Between fork and exec a child still has its parent's command line: look once more at the next tick.
  if ($again_wanted || $state eq 'D') {
    $again{$pid} = $command;
    $hot{$pid} = $seq + 1 unless $hot{$pid} > $seq;
  }
  my $user = user($pid);
  $out .= "+$pid $age $f[19] $now $user\t" . esc($comm) . "\t" . esc($command) . "\n";
}

sub processes {
  my ($full) = @_;
  ($explained, $read) = (0, 0);
  opendir(D, $proc) or return;
  my @pids = grep { $_ > 0 } readdir D;
  closedir D;
  # After the list: whoever is no longer in it has been told of.
  read_events(scalar @pids) if $events;
  tell_changed('Fconnector', esc($connector)) if $connector ne '';
  my $now = "@pids";
  if ($now ne $list) {
    $list = $now;
    my %there;
    @there{@pids} = ();
    for (keys %line) { gone($_) unless exists $there{$_} }
  }
  my (@cold, $turn, $digit);
  # Of those that are cold a fifth is read each tick; of very many less, so that it is some 600, each within a minute.
  my $turns = @pids > 3000 ? (@pids < 36000 ? int(@pids / 600) : 60) : 5;
  ($turn, $digit, @tenth) = ($seq % $turns, $seq % 10);
  for (@pids) {
    if ($full || $hot{$_} >= $seq || $_ % $turns == $turn || !exists $line{$_}) {
      visit($_);
      push @tenth, $_ if $_ % 10 == $digit;
    }
    else { push @cold, $_ }
  }
  # Busy time that nobody read so far accounts for: read the rest, but not every tick if that does not explain it either.
  if (defined $last_busy && @cold) {
    my $missing = $busy - $last_busy - $explained;
    if ($missing > $hz / 20 && $missing > ($busy - $last_busy) / 10 && ($missing > 1.5 * $residual + $hz / 20 && ($seq - $swept) * 5 >= $turns || $seq - $swept >= $turns)) {
      visit($_) for @cold;
      $full = 1;
      $missing = $busy - $last_busy - $explained;
      $swept = $seq;
      $residual = $missing;
    } elsif ($missing < $residual) {
      $residual = $missing;
    }
  }
  # Parents of what went in the middle of this tick have reaped it: their children's time belongs to this frame.
  for (@pids) { visit($_) if defined $line{$_} && $hot{$_} == $seq + 10 && $read_at{$_} < $seq }
  $last_busy = $busy;
  $again_wanted = 1;
  $out .= 'n ' . scalar(@pids) . " $read " . ($full ? 'f' : 'a') . "\n";
}

# Open files. A tenth of the processes each tick, by the last digit of the pid: those that use CPU, and a sixth of the
# others. The size of the folder is their count where
# the kernel says so (6.2 and later; also of other users' processes), otherwise it is listed, where that is allowed.
my $sized = $root eq '' && -s '/proc/self/fd' > 0;
sub open_files {
  my $sixth = int($seq / 10) % 6;
  for my $pid (@tenth) {
    next if !defined $line{$pid} || $hot{$pid} < $seq && $pid % 6 != $sixth;
    my $count = 0;
    if ($sized) { $count = -s "$proc/$pid/fd" }
    elsif (opendir(D, "$proc/$pid/fd")) {
      while (defined(my $entry = readdir D)) { $count++ if $count < 1000000 && $entry !~ /^\./ }
      closedir D;
    }
    next unless $count;
    $files{$pid} = $count;
    my $limit = $count >= 100 && slurp("$proc/$pid/limits") =~ /^Max open files +(\d+)/m ? $1 : '-';
    next if $files_told{$pid} eq "$count $limit";
    $files_told{$pid} = "$count $limit";
    $out .= "f$pid $count $limit\n";
  }
}

# The pids with the most of something, at most four.
sub most {
  my ($of) = @_;
  my @top;
  while (my ($pid, $value) = each %$of) {
    next unless $value > 0 && (@top < 4 || $value > $top[-1][1] || $value == $top[-1][1] && $pid < $top[-1][0]);
    @top = sort { $b->[1] <=> $a->[1] || $a->[0] <=> $b->[0] } @top, [$pid, $value];
    pop @top if @top > 4;
  }
  return map { $_->[0] } @top;
}

# The control groups of the processes that use most CPU and memory, and our own: of each the level whose limit holds.
sub process_groups {
  my (%grown, %memory, %cpu);
  for (keys %ticks) {
    # Whatever grew since the last look is still hot.
    next if $hot{$_} < $seq && defined $counted{$_};
    $grown{$_} = $ticks{$_} - $counted{$_} if defined $counted{$_} && $ticks{$_} > $counted{$_};
    $counted{$_} = $ticks{$_};
  }
  my @largest = most(\%pages);
  # Of the largest: how much of their memory is of files and shared, as a mapped data base is.
  for my $pid (@largest) {
    next unless line1("$proc/$pid/statm") =~ /^\d+ \d+ (\d+)/ && $mapped{$pid} ne $1;
    $mapped{$pid} = $1;
    $out .= "h$pid $1\n";
  }
  for my $pid ('self', most(\%grown), @largest) {
    my ($m, $c, $v2) = group_paths($pid);
    my $by = $pid eq 'self' ? 0 : $pid;
    my ($path, $value, $dir) = memory_level($m, $v2);
    my $key = esc($path eq '' ? '/' : $path);
    # Named by the first of the processes that is in it.
    $memory{$key} = "$value " . reclaimable($dir, $value) . " $by" if defined $path && (!defined $memory{$key} || $memory{$key} =~ / 0$/);
    ($path, $value, my $held) = cpu_level($c, $v2);
    $key = esc($path eq '' ? '/' : $path);
    $cpu{$key} = "$value $held $by" if defined $path && (!defined $cpu{$key} || $cpu{$key} =~ / 0$/);
  }
  tell_table('gm', \%memory);
  tell_table('gc', \%cpu);
}

# File systems. Those whose server may be gone are left out: asking them would wait for it, for ever.
my %asked_type = map { $_ => 1 } qw(ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs nilfs2 vfat exfat ntfs3 overlay tmpfs ufs);

# Mount point => "DEVICE TYPE ro|rw", at most 32.
sub mounts {
  my (%mount, %of_device, @remote, $count);
  for (split /\n/, slurp("$proc/self/mounts")) {
    my ($device, $at, $type, $options) = split / /;
    next unless $asked_type{$type} || $type =~ /^(nfs4?|cifs|smb\w*|fuse|fuse\..*|9p|ceph|afs|lustre|gpfs)$/;
    $at =~ s/\\([0-7]{3})/chr oct $1/ge;
    # What is mounted below such a one is reached through it.
    if (!$asked_type{$type}) { push @remote, "$at/" if $at ne '/'; next }
    next if grep { index($at, $_) == 0 } @remote;
    next if $at =~ m{^/(proc|sys|run/credentials|var/lib/(docker|containers|containerd|kubelet|lxcfs)|run/(containerd|docker|netns|user))/} || $at =~ m{^/dev($|/(?!shm$))};
    next if $type eq 'overlay' && $at ne '/';
    # A container's, of the disk that its own root is on.
    next if $at =~ m{^/etc/(hosts|hostname|resolv\.conf)$};
    # Bind mounts show a device again: once is enough, by its shortest name.
    if ($device =~ m{^/}) {
      my $other = $of_device{$device};
      next if defined $other && length($other) <= length($at);
      delete $mount{$other} if defined $other;
      $of_device{$device} = $at;
    }
    $mount{$at} = esc($device) . " $type " . ($options =~ /(^|,)ro(,|$)/ ? 'ro' : 'rw');
    last if ++$count >= 64;
  }
  return \%mount;
}

# statfs by its number, where that is known: it takes microseconds and forks nothing. Elsewhere df does it, once a minute.
my $statfs = eval {
  require Config;
  $root eq '' && $Config::Config{archname} =~ /^(x86_64|aarch64|riscv64|loongarch64|powerpc64le|ppc64le)-/ && $Config::Config{ptrsize} == 8
    ? { x86_64 => 137, aarch64 => 43, riscv64 => 43, loongarch64 => 43 }->{$1} || 99 : 0;
};
my $sizes_every = $statfs ? 10 : 60;
my ($df, $df_text, $df_began, $df_mounts);

sub file_systems {
  my $mounts = mounts();
  if ($statfs) {
    my %now;
    for (keys %$mounts) {
      my ($path, $into) = ("$_\0", "\0" x 256);
      next if syscall($statfs, $path, $into) != 0;
      my @f = unpack 'q12', $into;
      my $unit = ($f[9] || $f[1]) / 1024;
      $now{esc($_)} = sprintf "%s %.0f %.0f %.0f %s %s", $mounts->{$_}, $f[2] * $unit, ($f[2] - $f[3]) * $unit, $f[4] * $unit, $f[5] ? ($f[5], $f[6]) : ('-', '-') if $f[2] > 0;
    }
    tell_table('fs', \%now);
  } elsif ($root ne '') {
    tell_sizes($mounts, slurp("$root/df"));
  } elsif (!$df && %$mounts) {
    # Reaped and read at later ticks: nothing here waits for it.
    my $pid = open($df, '-|', 'sh', '-c', 'exec 2>/dev/null; LC_ALL=C; export LC_ALL; df -Pk "$@"; df -Pi "$@"', 'df', sort keys %$mounts);
    ($df_text, $df_began, $df_mounts) = ('', $seq, $mounts);
    $df = undef unless $pid;
  }
}

sub read_sizes {
  return unless $df;
  my $ready = '';
  vec($ready, fileno($df), 1) = 1;
  while (select(my $now = $ready, undef, undef, 0) > 0) {
    my $n = sysread($df, $df_text, 65536, length $df_text);
    next if $n && length($df_text) < 262144;
    close $df;
    $df = undef;
    tell_sizes($df_mounts, $df_text);
    return;
  }
}

# Two tables of df -P: kilobytes, then inodes.
sub tell_sizes {
  my ($mounts, $text) = @_;
  my (%now, $inodes);
  for (split /\n/, $text) {
    $inodes = /Inodes/ if /^Filesystem /;
    next unless m{^.*?\s+(\d+)\s+(\d+)\s+(-?\d+)\s+\S+\s+(/.*)$} && defined $mounts->{$4};
    if (!$inodes) { $now{esc($4)} = "$mounts->{$4} $1 $2 $3 - -" if $1 > 0 }
    elsif ($1 > 0) { my ($all, $free, $key) = ($1, $3, esc($4)); $now{$key} =~ s/- -$/$all $free/ }
  }
  tell_table('fs', \%now);
}

# TCP sockets, summed up here: a list of them all is long. Groups: listeners (ls PORT), connections to a listener of
# this host (in STATE PORT), connections to others by the port there (to STATE PORT) and, where four or more go to one
# address, by that too (at STATE PORT ADDRESS). STATE and ADDRESS are as in /proc/net/tcp.
# A row: sockets, then for the receive queue and for the send queue: sum, largest, how many are not empty; then the owner:
# a pid, 0 (no process that we see, though we could see all), - (not known).
# The kernel walks its whole table of connections for a list, milliseconds on a large machine however few there are: the
# next look is as far off as this one was dear, sooner when queues were not empty, or when the count of sockets has moved.
my ($sockets_next, $sockets_soonest, $sockets_then) = (3, 3, 0);

sub sockets_due {
  return 0 if $seq < $sockets_soonest;
  return 1 if $seq >= $sockets_next;
  return 0 if $seq % 5;
  my $now = sockets_in_use();
  return abs($now - $sockets_then) > 4 + $sockets_then / 10;
}

sub sockets_in_use {
  my $count = 0;
  $count += $_ for map { slurp("$proc/net/$_") =~ /^TCP6?: inuse (\d+)/m ? $1 : () } qw(sockstat sockstat6);
  return $count;
}

sub cpu_ms { return $root eq '' && line1('/proc/self/schedstat') =~ /^(\d+)/ ? $1 / 1e6 : 0 }

sub sockets {
  my ($began, %listens, @texts, %group, %inodes) = cpu_ms();
  for my $file (qw(tcp tcp6)) {
    my $s = slurp("$proc/net/$file");
    next unless defined $s;
    push @texts, $s;
    $listens{$1} = 1 while $s =~ /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:0000 0A/mg;
  }
  return unless @texts;
  for my $s (@texts) {
    while ($s =~ /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) ([0-9A-F]+):([0-9A-F]+) \S+ \S+ +\d+ +\d+ (\d+)/mg) {
      my ($local, $address, $port, $state, $send, $receive, $inode) = ($1, $2, $3, $4, $5, $6, $7);
      my @keys;
      if ($state eq '0A') { @keys = ('ls ' . hex $local) }
      elsif ($listens{$local}) { @keys = ("in $state " . hex $local) }
      else {
        $address =~ s/^0{16}FFFF0000//;
        $port = hex $port;
        @keys = ("to $state $port", "at $state $port $address");
      }
      ($send, $receive) = (hex $send, hex $receive);
      for (@keys) {
        my $g = $group{$_} ||= [0, 0, 0, 0, 0, 0, 0];
        $g->[0]++;
        if ($receive) { $g->[1] += $receive; $g->[2] = $receive if $receive > $g->[2]; $g->[3]++ }
        if ($send) { $g->[4] += $send; $g->[5] = $send if $send > $g->[5]; $g->[6]++ }
        push @{ $inodes{$_} }, $inode if $inode && (!$inodes{$_} || @{ $inodes{$_} } < 3);
      }
    }
  }
  my $kept = kept_groups(\%group);
  my $owners = owners($kept, \%group, \%inodes);
  my %now = map { $_ => "@{ $group{$_} } $owners->{$_}" } keys %$kept;
  %queued = map { $_ => $queued{$_} + 1 } grep { substr($_, 0, 2) eq 'ls' ? $group{$_}[1] : $group{$_}[1] + $group{$_}[4] >= 1000 } keys %$kept;
  tell_table('tcp', \%now);
  my $spent = cpu_ms() - $began;
  # However dear, they do not grow stale without end.
  $sockets_soonest = $seq + ($spent > 7.5 ? 15 : $spent > 2.5 ? int($spent * 2) : 5);
  my $far = $spent * (%queued ? 3 : 10);
  $sockets_next = $seq + ($far > 90 ? 90 : $far > 5 ? int($far) : 5);
  $sockets_next = $seq + 20 if %queued && $sockets_next > $seq + 20;
  $sockets_then = sockets_in_use();
}

# At most 64 of each kind: those with more sockets than a number that is doubled until they fit.
sub kept_groups {
  my ($group) = @_;
  my %kept;
  for my $kind (qw(ls in to at)) {
    my @keys = grep { substr($_, 0, 2) eq $kind } keys %$group;
    @keys = grep { $group->{$_}[0] >= 4 } @keys if $kind eq 'at';
    # A single connection, or a few that have ended, are many and say little.
    @keys = grep { $group->{$_}[0] > 1 || $group->{$_}[1] || $group->{$_}[4] } @keys if $kind eq 'to';
    @keys = grep { $group->{$_}[0] >= 16 || substr($_, 3, 2) ne '06' } @keys if $kind ne 'ls';
    @keys = grep { $group->{$_}[1] } @keys if $kind eq 'ls' && @keys > 64;
    for (my $least = 2; @keys > 64 && $least < 1048576; $least *= 2) { @keys = grep { $group->{$_}[0] >= $least } @keys }
    @kept{@keys} = ();
  }
  return \%kept;
}

# Who owns them, for groups that are large or whose queues held more than a few bytes at the last two looks: by the inode of a
# few of their sockets. The links of many processes may have to be read, those with most files first: every thirty ticks
# at most. What was found holds
# for two minutes, or as long as that process does.
my $owners_next = 0;
sub owners {
  my ($kept, $group, $inodes) = @_;
  my (%of, %wanted, $count);
  for (keys %owner) { delete $owner{$_} if !exists $kept->{$_} || $seq >= $owner{$_}[2] || $owner{$_}[0] > 0 && $start{$owner{$_}[0]} != $owner{$_}[1] }
  for my $key (sort keys %$kept) {
    $of{$key} = $owner{$key} ? $owner{$key}[0] : '-';
    next if $owner{$key} || !$inodes->{$key} || $seq < $owners_next;
    next unless $group->{$key}[0] >= 32 || $queued{$key} >= 2;
    next if ++$count > 8;
    $wanted{$_}{$key} = 1 for @{ $inodes->{$key} };
  }
  return \%of unless %wanted;
  $owners_next = $seq + 30;
  my %sought = map { my $of = $_; map { $_ => '0' } keys %{ $wanted{$of} } } keys %wanted;
  my ($links, $opened, $all) = (0, 0, 1);
  for my $pid (sort { $files{$b} <=> $files{$a} || $a <=> $b } grep { defined $line{$_} } keys %line) {
    last unless grep { $_ eq '0' } values %sought;
    if ($links > 20000 || ++$opened > 500) { $all = 0; last }
    unless (opendir(D, "$proc/$pid/fd")) { $all = 0 if -e "$proc/$pid"; next }
    while (defined(my $entry = readdir D)) {
      $links++;
      next unless readlink("$proc/$pid/fd/$entry") =~ /^socket:\[(\d+)\]$/ && $wanted{$1};
      for (keys %{ $wanted{$1} }) { $sought{$_} = $pid if $sought{$_} eq '0' }
    }
    closedir D;
  }
  for (keys %sought) {
    my $found = $sought{$_} || ($all ? 0 : '-');
    $of{$_} = $found;
    $owner{$_} = [$found, $start{$found}, $seq + 120];
  }
  return \%of;
}

# Connections that a listener's full queue turned away.
sub listen_drops {
  my @lines = grep { /^TcpExt:/ } split /\n/, slurp("$proc/net/netstat");
  my @names = split ' ', $lines[0];
  my @values = split ' ', $lines[1];
  for (0 .. $#names) { tell_changed("v$names[$_]", $values[$_]) if $names[$_] =~ /^Listen(Overflows|Drops)$/ && $values[$_] =~ /^\d+$/ }
}

# What is dear is looked at every few ticks, each at another tick, and not while the first figures are waited for.
sub dear_looks {
  open_files();
  process_groups() if $seq % 10 == 6;
  listen_drops() if $seq % 10 == 2;
  sockets() if sockets_due();
  file_systems() if $seq % $sizes_every == 4;
  read_sizes();
  link_speeds() if $seq % 30 == 3;
}

$| = 1;
print "$token hello 1 perl\n";
forget();
my ($ticked, $groups_at) = (0, 0);
while (defined(my $request = <STDIN>)) {
  next unless $request =~ /^(\d+) ?([fr]?)/;
  my $mode = $2;
  $seq = $1;
  my $began = $hires ? Time::HiRes::time() : 0;
  forget() if $mode eq 'r' || !$ticked;
  listen_to_events() unless $ticked;
  $out = "#$seq " . ($mode eq 'r' || !$ticked ? 'r' : $mode || 'a') . "\n";
  $out .= sprintf("z %.0f 1\n", $began * 1000) if $hires;
  $out .= sprintf("z %.0f 1000\n", time() * 1000 + 500) if !$hires;
  facts() if $mode eq 'r' || $seq % 30 == 0 || !$ticked;
  globals();
  # Every five ticks, and at once when the machine's kernel killed: was it in our group?
  cgroups() if $mode eq 'r' || $seq % 5 == 0 || $killed || !$ticked;
  processes($mode ne '' || !$ticked);
  dear_looks() if $ticked && $mode ne 'r';
  $ticked = 1;
  my $cost = line1('/proc/self/schedstat') =~ /^(\d+)/ && $1 > 0 ? $1 : do { my @t = times; ($t[0] + $t[1]) * 1e9 };
  my $resident = line1('/proc/self/statm') =~ /^\d+ (\d+)/ ? $1 * $page : 0;
  $out .= sprintf("o %.0f %.0f\n", $cost, $resident);
  $out .= sprintf(".%d %.0f\n", $seq, $hires ? (Time::HiRes::time() - $began) * 1000 : 0);
  my $sent = 0;
  while ($sent < length $out) {
    my $n = syswrite(STDOUT, $out, length($out) - $sent, $sent);
    exit 0 unless defined $n;
    $sent += $n;
  }
}
