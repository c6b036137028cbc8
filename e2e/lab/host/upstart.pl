# A supervisor without a respawn limit: starts its job again the moment it ends.
#   upstart JOB PAUSE_SECONDS COMMAND...
use strict;
use warnings;
use Time::HiRes qw(sleep);

my ($job, $pause, @command) = @ARGV;
$0 = "upstart --job $job";
my $child;
$SIG{TERM} = $SIG{INT} = sub {
    kill 'TERM', $child if $child;
    exit 0;
};
while (1) {
    $child = fork;
    # The process limit may be exhausted for a while; an init goes on trying.
    if (!defined $child) { sleep 1; next }
    if (!$child) {
        $SIG{TERM} = $SIG{INT} = 'DEFAULT';
        exec @command or exit 127;
    }
    waitpid $child, 0;
    sleep $pause if $pause > 0;
}
