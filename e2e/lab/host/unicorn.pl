# A web server that behaves as unicorn does when it starts: loads the application (burns CPU), takes its pid
# file and its port, or complains in its log and exits with status 1. `-D` daemonizes.
# Its settings come from the environment, so that its command line reads as unicorn's does.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(setsid strftime :sys_wait_h);

my ($root, $address, $port) = @ENV{qw(UNICORN_ROOT UNICORN_ADDRESS UNICORN_PORT)};
my ($burn_ms, $children) = @ENV{qw(UNICORN_BURN_MS UNICORN_CHILDREN)};
my $daemonize = grep { $_ eq '-D' } @ARGV;
my $pid_file = "$root/shared/pids/unicorn.pid";
my $log_file = "$root/current/log/unicorn.log";

sub say_log {
    open my $log, '>>', $log_file or die "cannot write $log_file: $!\n";
    print $log @_, "\n";
    close $log;
}

sub stamp { return strftime('[%FT%T', localtime) . " #$$]" }

if ($daemonize) {
    # Twice, so that the init adopts it and no supervisor has it for a child.
    exit 0 if fork;
    setsid();
    exit 0 if fork;
    open STDIN,  '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
}

# What `bundle exec` runs while it loads: short-lived children, each of which takes a pid.
for (1 .. $children) {
    my $child = fork // last;
    POSIX::_exit(0) if !$child;
    waitpid $child, 0;
}
my ($user, $system) = times;
my $sum = 0;
while (1) {
    $sum += $_ * $_ for 1 .. 2000;
    my ($u, $s) = times;
    last if ($u + $s - $user - $system) * 1000 >= $burn_ms;
}

my $where = "$root/shared/bundle/gems/unicorn-4.8.3/lib/unicorn/http_server.rb";
if (open my $file, '<', $pid_file) {
    my ($pid) = (<$file> // '') =~ /^(\d+)/;
    if ($pid && $pid != $$ && kill 0, $pid) {
        say_log("$where:206:in `pid=': Already running on PID:$pid (or pid=$pid_file is stale) (ArgumentError)");
        exit 1;
    }
}
my $server = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 64, ReuseAddr => 1);
if (!$server) {
    say_log('E, ', stamp(), " ERROR -- : adding listener failed addr=$address:$port (in use)");
    say_log("$where:169:in `bind_listeners': Address already in use - bind(2) for $address:$port (Errno::EADDRINUSE)");
    exit 1;
}
open my $file, '>', $pid_file or die "cannot write $pid_file: $!\n";
print $file "$$\n";
close $file;
$0 = 'unicorn master -c config/unicorn.rb' . ($daemonize ? ' -D' : '');
$SIG{TERM} = $SIG{INT} = $SIG{QUIT} = sub {
    unlink $pid_file;
    say_log('I, ', stamp(), ' INFO -- : master complete');
    exit 0;
};
say_log('I, ', stamp(), " INFO -- : listening on addr=$address:$port fd=", fileno $server);
say_log('I, ', stamp(), ' INFO -- : master process ready');
while (1) {
    my $client = $server->accept or next;
    sysread $client, my $request, 4096;
    syswrite $client, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
    close $client;
}
