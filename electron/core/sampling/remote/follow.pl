# Follows the log files that match the patterns given as arguments, from their last lines on, through rotation,
# truncation and recreation, until stdin ends. First on stdin: "R POSITION DEVICE:INODE PATH" for each file that an
# earlier connection followed, then "GO". Lines that it prints, after "TOKEN follow 1":
#   f NUMBER PATH                 a file is followed; the path is escaped as in the sampler's frames
#   l NUMBER POSITION ID TEXT     a line, its bytes as they are; POSITION is behind it, ID is DEVICE:INODE
#   c NUMBER POSITION ID TEXT     the same, but the line was longer
#   n COUNT                       how many files are followed, after each look at the folders
#   m LIMIT                       more files match than are followed
use strict;
no warnings;

my ($token, @patterns) = @ARGV;
$0 = 'fireline-follow';
my $LINE = 65536;      # a longer line is cut
my $FILES = 200;
my $CONTEXT = 10;      # lines of a file that are there already
my $CATCH_UP = 1048576; # at most this much is read again after a reconnect
my $globs = eval { require File::Glob; 1 };
my (%file, %resume, $out);
my $number = 0;
my $stdin = '';

sub escaped {
  my ($s) = @_;
  $s =~ s/([\x00-\x1f\x7f\\])/$1 eq "\\" ? "\\\\" : $1 eq "\n" ? "\\n" : $1 eq "\t" ? "\\t" : sprintf("\\x%02x", ord $1)/ge;
  return $s;
}

sub unescaped {
  my ($s) = @_;
  $s =~ s/\\(?:x([0-9a-f]{2})|(.))/defined $1 ? chr hex $1 : $2 eq 'n' ? "\n" : $2 eq 't' ? "\t" : $2/ge;
  return $s;
}

sub say_out {
  my $sent = 0;
  while ($sent < length $out) {
    my $n = syswrite(STDOUT, $out, length($out) - $sent, $sent);
    exit 0 unless defined $n;
    $sent += $n;
  }
  $out = '';
}

# Opens what is at the path now. Not a pipe or device: reading those could block or take what is another's.
sub opened {
  my ($path) = @_;
  sysopen(my $handle, $path, 0x800) or return;
  my @s = stat $handle;
  return unless @s && -f _;
  return ($handle, "$s[0]:$s[1]", $s[7]);
}

# The position of the last lines of a file.
sub tail_position {
  my ($handle, $size) = @_;
  my $from = $size > 65536 ? $size - 65536 : 0;
  sysseek($handle, $from, 0);
  sysread($handle, my $end, $size - $from);
  my $at = length $end;
  for (0 .. $CONTEXT) {
    $at = $at > 0 ? rindex($end, "\n", $at - 1) : -1;
    return $from if $at < 0;
  }
  return $from + $at + 1;
}

my ($looked, $told_count) = (0, -1);

sub look {
  my %there;
  PATTERN: for my $pattern (@patterns) {
    for my $path ($globs ? File::Glob::bsd_glob($pattern) : glob($pattern)) {
      next if $there{$path}++ || $file{$path};
      if (keys %file >= $FILES) { $out .= "m $FILES\n"; last PATTERN }
      my ($handle, $id, $size) = opened($path);
      next unless $handle;
      my $before = delete $resume{$path};
      # What appears later is new from its first byte.
      my $position = $before ? ($before->[1] eq $id && $before->[0] <= $size ? $before->[0] : 0) : $looked ? 0 : tail_position($handle, $size);
      $position = $size - $CATCH_UP if $size - $position > $CATCH_UP;
      sysseek($handle, $position, 0);
      $file{$path} = { handle => $handle, id => $id, position => $position, number => ++$number, rest => '', skip => 0 };
      $out .= "f $number " . escaped($path) . "\n";
    }
  }
  $looked = 1;
  my $count = keys %file;
  $out .= "n $count\n" if $count != $told_count;
  $told_count = $count;
}

sub told {
  my ($f, $text, $position, $cut) = @_;
  $out .= ($cut ? 'c' : 'l') . " $f->{number} $position $f->{id} $text\n";
}

# Reads what was added. One pass takes at most a mebibyte of a file, so that a flood does not hide the others.
sub read_on {
  my ($f) = @_;
  my $taken = 0;
  while ($taken < 1048576 && (my $n = sysread($f->{handle}, my $bytes, 65536))) {
    $taken += $n;
    my $base = $f->{position} - length $f->{rest};
    $f->{position} += $n;
    $f->{rest} .= $bytes;
    my $begin = 0;
    while ((my $end = index($f->{rest}, "\n", $begin)) >= 0) {
      my $length = $end - $begin;
      if ($f->{skip}) { $f->{skip} = 0 }
      else { told($f, substr($f->{rest}, $begin, $length > $LINE ? $LINE : $length), $base + $end + 1, $length > $LINE) }
      $begin = $end + 1;
    }
    $f->{rest} = substr($f->{rest}, $begin) if $begin;
    if (length $f->{rest} > $LINE) {
      told($f, substr($f->{rest}, 0, $LINE), $f->{position}, 1) unless $f->{skip};
      $f->{skip} = 1;
      $f->{rest} = '';
    }
    say_out() if length $out > 65536;
  }
  return $taken;
}

sub check {
  my ($path, $f) = @_;
  my @now = stat $path;
  my @open = stat $f->{handle};
  # Truncated in place: what is there now is new.
  if (@open && $open[7] < $f->{position}) {
    sysseek($f->{handle}, 0, 0);
    @$f{qw(position rest skip)} = (0, '', 0);
  }
  my $taken = read_on($f);
  return $taken if !@now || "$now[0]:$now[1]" eq $f->{id} || $taken;
  # Another file has the name: the old one was read to its end.
  told($f, $f->{rest}, $f->{position}, 0) if length $f->{rest} && !$f->{skip};
  my ($handle, $id) = opened($path);
  return 0 unless $handle;
  @$f{qw(handle id position rest skip)} = ($handle, $id, 0, '', 0);
  return 1 + read_on($f);
}

$| = 1;
$out = "$token follow 1\n";
say_out();
# Resume lines, then GO: read without buffering, since stdin is watched below.
my $go = 0;
until ($go) {
  sysread(STDIN, $stdin, 65536, length $stdin) or exit 0;
  while ($stdin =~ s/^(.*)\n//) {
    my $line = $1;
    $go = 1 if $line eq 'GO';
    $resume{unescaped($3)} = [$1, $2] if $line =~ /^R (\d+) (\d+:\d+) (.+)$/;
  }
}
# A file that is new is found within a second; where looking takes long (many folders), within five.
my ($looked_at, $look_every) = (0, 1);
for (;;) {
  if (time - $looked_at >= $look_every || time < $looked_at) {
    my @began = times;
    look();
    my @ended = times;
    $look_every = $ended[0] + $ended[1] - $began[0] - $began[1] > 0.015 ? 5 : 1;
    $looked_at = time;
  }
  my $taken = 0;
  $taken += check($_, $file{$_}) for keys %file;
  say_out() if length $out;
  my $watch = '';
  vec($watch, fileno(STDIN), 1) = 1;
  if (select($watch, undef, undef, $taken ? 0.02 : 0.25) > 0) {
    exit 0 unless sysread(STDIN, my $ignored, 4096);
  }
}
