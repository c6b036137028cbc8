# A crawler that never lets go of what it read: grows until the kernel stops it.
#   ucrawler.rb QUEUE TARGET_BYTES SECONDS
# The memory is written to, so it is resident. It stops by itself at four times the target, so that a machine
# whose limit does not hold is not brought down with it.
use strict;
use warnings;
use Time::HiRes qw(sleep time);

my ($queue, $target, $seconds) = @ARGV;
my $step = 1 << 20;
my @pages;
my $started = time;
$| = 1;
print "ucrawler $queue: started, pid $$\n";
while (@pages * $step < 4 * $target) {
    my $due = $seconds > 0 ? (time - $started) / $seconds * $target : 4 * $target;
    push @pages, chr(65 + @pages % 26) x $step while @pages * $step < $due && @pages * $step < 4 * $target;
    sleep 0.05;
}
print "ucrawler $queue: stopped by itself at ", scalar(@pages), " MiB: the memory limit did not hold\n";
exit 3;
