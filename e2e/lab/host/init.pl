# Process 1 of a lab host: adopts orphans and reaps them, as an init must, and nothing else.
use strict;
use warnings;
use POSIX qw(:signal_h :sys_wait_h);

$0 = 'init';
my $child = POSIX::SigSet->new(SIGCHLD);
sigprocmask(SIG_BLOCK, $child);
$SIG{CHLD} = sub { };
my $open = POSIX::SigSet->new;
while (1) {
    1 while waitpid(-1, WNOHANG) > 0;
    # Unblocks and waits in one step: a child that ends between the two lines above and below is not missed.
    sigsuspend($open);
}
