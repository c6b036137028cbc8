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
my ($out, $seq, %last);
sub tell_changed {
  my ($key, $value) = @_;
  return if defined $last{$key} && $last{$key} eq $value;
  $last{$key} = $value;
  $out .= "$key $value\n";
}

my %wanted_memory = map { $_ => 1 } qw(MemTotal MemFree MemAvailable Buffers Cached SReclaimable Shmem SwapTotal SwapFree);
my ($busy, $last_busy);

sub globals {
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
    tell_changed('voom_kill', $1) if $s =~ /^oom_kill (\d+)/m;
  }
  if (defined($s = slurp("$proc/net/dev"))) {
    while ($s =~ /^ *(\S+): *(.*)$/mg) {
      my $name = $1;
      my @t = split ' ', $2;
      tell_changed("i$name", "$t[0] $t[8] $t[2] $t[10]") unless $name eq 'lo' || @t < 11;
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
      tell_changed("d$name", "$t[3] $t[5] $t[7] $t[9] $t[12]");
    }
  }
  for my $what (qw(cpu memory io)) {
    next unless defined($s = slurp("$proc/pressure/$what"));
    while ($s =~ /^(some|full) avg10=([\d.]+)/mg) { tell_changed("p$what.$1", $2) }
  }
}

# The level of the hierarchy whose limit holds: the smallest limit between our own cgroup and the top.
sub cgroups {
  my ($memory, $cpu, $v2);
  for (split /\n/, slurp("$proc/self/cgroup")) {
    my (undef, $names, $path) = split /:/, $_, 3;
    $path = '' if $path eq '/' || $path =~ m{^/\.\.};
    $memory = $path if $names =~ /(^|,)memory(,|$)/;
    $cpu = $path if $names =~ /(^|,)cpu(,|$)/;
    $v2 = $path if $names eq '';
  }
  my $top = "$root/sys/fs/cgroup";
  if (defined $memory) {
    my $dir = tightest("$top/memory", $memory, sub { my $v = line1("$_[0]/memory.limit_in_bytes"); $v =~ /^\d+$/ && length($v) < 17 ? $v : undef });
    if ($dir ne '') {
      my $limit = line1("$dir/memory.limit_in_bytes");
      my $kills = slurp("$dir/memory.oom_control") =~ /^oom_kill (\d+)/m ? $1 : '-';
      tell_changed('gm', (length($limit) < 17 ? $limit : 'max') . ' ' . (line1("$dir/memory.usage_in_bytes") || '-') . " $kills");
    }
  } elsif (defined $v2) {
    my $dir = tightest($top, $v2, sub { my $v = line1("$_[0]/memory.max"); $v =~ /^\d+$/ ? $v : undef });
    if ($dir ne '') {
      my $limit = line1("$dir/memory.max");
      my $kills = slurp("$dir/memory.events") =~ /^oom_kill (\d+)/m ? $1 : '-';
      tell_changed('gm', ($limit =~ /^\d+$/ ? $limit : 'max') . ' ' . (line1("$dir/memory.current") || '-') . " $kills");
    }
  }
  if (defined $cpu) {
    my $base = -e "$top/cpu" ? "$top/cpu" : "$top/cpu,cpuacct";
    my $dir = tightest($base, $cpu, sub {
      my $quota = line1("$_[0]/cpu.cfs_quota_us");
      $quota =~ /^\d+$/ ? $quota / (line1("$_[0]/cpu.cfs_period_us") || 100000) : undef;
    });
    tell_cpu_group($dir, line1("$dir/cpu.cfs_quota_us"), line1("$dir/cpu.cfs_period_us")) if $dir ne '';
  } elsif (defined $v2) {
    my $dir = tightest($top, $v2, sub { line1("$_[0]/cpu.max") =~ /^(\d+) (\d+)/ ? $1 / $2 : undef });
    my ($quota, $period) = split / /, line1("$dir/cpu.max");
    tell_cpu_group($dir, $quota, $period) if $dir ne '';
  }
}

sub tightest {
  my ($base, $path, $limit) = @_;
  my ($best, $found) = (undef, '');
  for (;;) {
    my $dir = "$base$path";
    my $value = $limit->($dir);
    if (defined $value && (!defined $best || $value < $best)) { ($best, $found) = ($value, $dir) }
    last if $path eq '';
    $path =~ s{/[^/]*$}{};
  }
  return $found;
}

sub tell_cpu_group {
  my ($dir, $quota, $period) = @_;
  my $s = slurp("$dir/cpu.stat");
  my $periods = $s =~ /^nr_periods (\d+)/m ? $1 : '-';
  my $throttled = $s =~ /^nr_throttled (\d+)/m ? $1 : '-';
  tell_changed('gc', ($quota =~ /^\d+$/ ? $quota : 'max') . ' ' . ($period || '-') . " $periods $throttled");
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

# Processes. Per pid: the raw stat line, what was last told, cpu ticks, children's ticks, parent, start, name,
# until when it is hot, when it was last read, and the command line to compare at the second look.
my (%line, %told, %ticks, %reaped, %parent, %start, %name, %hot, %read_at, %again, %user_told, %user_name);
my ($explained, $read, $residual, $swept, $list, $again_wanted) = (0, 0, 0, 0, '', 0);

sub forget {
  (%last, %line, %told, %ticks, %reaped, %parent, %start, %name, %hot, %read_at, %again, %user_told) = ();
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
    $out .= "-$pid\n";
    $explained -= $ticks{$pid} + $reaped{$pid};
    $hot{$parent{$pid}} = $seq + 10;
  }
  delete $_->{$pid} for \(%line, %told, %ticks, %reaped, %parent, %start, %name, %hot, %read_at, %again);
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
  my $now = "@pids";
  if ($now ne $list) {
    $list = $now;
    my %there;
    @there{@pids} = ();
    for (keys %line) { gone($_) unless exists $there{$_} }
  }
  my (@cold, $turn);
  $turn = $seq % 5;
  for (@pids) {
    if ($full || $hot{$_} >= $seq || $_ % 5 == $turn || !exists $line{$_}) { visit($_) }
    else { push @cold, $_ }
  }
  # Busy time that nobody read so far accounts for: read the rest, but not every tick if that does not explain it either.
  if (defined $last_busy && @cold) {
    my $missing = $busy - $last_busy - $explained;
    if ($missing > $hz / 20 && $missing > ($busy - $last_busy) / 10 && ($missing > 1.5 * $residual + $hz / 20 || $seq - $swept >= 5)) {
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
  $out = "#$seq " . ($mode eq 'r' || !$ticked ? 'r' : $mode || 'a') . "\n";
  $out .= sprintf("z %.0f 1\n", $began * 1000) if $hires;
  $out .= sprintf("z %.0f 1000\n", time() * 1000 + 500) if !$hires;
  facts() if $mode eq 'r' || $seq % 30 == 0 || !$ticked;
  globals();
  cgroups() if $mode eq 'r' || $seq % 5 == 0 || !$ticked;
  processes($mode ne '' || !$ticked);
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
