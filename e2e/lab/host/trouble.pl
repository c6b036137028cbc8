# One trouble of a service, for real: see scenarios/trouble.ts. It goes on until it is ended.
#   trouble WHAT ARGUMENTS…
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(pack_sockaddr_in inet_aton PF_INET SOCK_DGRAM SOMAXCONN);
use Time::HiRes qw(sleep time);

my ($what, @arguments) = @ARGV;
my %troubles = (
    # Answers every connection with some bytes and never closes one; story 4's other side.
    'answer' => sub {
        my ($address, $port, $bytes) = @_;
        my $server = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 512, ReuseAddr => 1) or die "listen: $!";
        my @open;
        while (my $client = $server->accept) { syswrite $client, 'x' x $bytes if $bytes; push @open, $client }
    },
    # A client whose pool opens one more for every request, up to a limit, and reads none of the answers.
    'leak-connections' => sub {
        my ($address, $port, $limit, $pause) = @_;
        my @open;
        while (@open < $limit) {
            my $one = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port) or do { sleep 0.2; next };
            push @open, $one;
            sleep $pause;
        }
        sleep 3600 while 1;
    },
    # Listens, and never accepts; somebody knocks all the time.
    'accept-none' => sub {
        my ($address, $port, $backlog) = @_;
        my $server = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => $backlog, ReuseAddr => 1) or die "listen: $!";
        if (my $child = fork) { sleep 3600 while 1 }
        close $server;
        $0 = 'clients';
        my @waiting;
        while (1) {
            my $one = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Blocking => 0, Proto => 'tcp');
            push @waiting, $one if $one;
            shift @waiting if @waiting > 3 * $backlog + 10;
            sleep 0.1;
        }
    },
    'leak-files' => sub {
        my ($perSecond, $limit) = @_;
        my @open;
        while (1) { if (@open < $limit && open(my $one, '<', '/dev/null')) { push @open, $one } sleep 1 / $perSecond }
    },
    'leak-memory' => sub {
        my ($mebibytesPerSecond, $most) = @_;
        my @pages;
        while (1) { push @pages, chr(65 + @pages % 26) x 262144 if @pages < $most * 4; sleep 0.25 / $mebibytesPerSecond }
    },
    'start-threads' => sub {
        require threads;
        my ($perSecond, $most) = @_;
        my $count = 0;
        while (1) {
            if ($count < $most) { threads->create({ stack_size => 65536 }, sub { sleep 3600 while 1 })->detach; $count++ }
            sleep 1 / $perSecond;
        }
    },
    'burn' => sub { my $n = 0; $n++ while 1 },
    'fill' => sub {
        my ($directory, $mebibytesPerSecond) = @_;
        open my $out, '>', "$directory/fill" or die "fill: $!";
        while (1) { syswrite $out, 'x' x 262144; sleep 0.25 / $mebibytesPerSecond }
    },
    'many-files' => sub {
        my ($directory) = @_;
        my $n = 0;
        while (1) { for (1 .. 100) { open my $one, '>', "$directory/" . $n++ } sleep 0.2 }
    },
    # One line a second, then many.
    'surge' => sub {
        my ($log, $quietSeconds, $perSecond) = @_;
        my $began = time;
        my $n = 0;
        while (1) {
            open my $out, '>>', $log or die "log: $!";
            printf $out "%d request %d failed: ECONNRESET by upstream\n", time, $n++;
            close $out;
            sleep(time - $began < $quietSeconds ? 1 : 1 / $perSecond);
        }
    },
    # Two links of 10 Mbit/s in a network namespace of their own, made by this process, which is also their other end: over the
    # first comes as much as it can carry, and what is sent into the second nobody takes. Both wait until the file GO is there.
    'wire' => sub {
        my ($go, @names) = @_;
        my @ends = map { wire($_) } @names;
        system('ip', 'address', 'add', '10.99.0.1/24', 'dev', $names[1]);
        system('ip', 'neighbour', 'add', '10.99.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', $names[1]);
        open my $ready, '>', "$go.ready" or die "ready: $!";
        sleep 0.2 until -e $go;
        socket(my $sender, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
        my $to = pack_sockaddr_in(9, inet_aton('10.99.0.2'));
        my $frame = pack('H12 H12 n', '020000000001', '020000000002', 0x0800) . 'x' x 1486;
        my ($began, $frames) = (time, 0);
        while (1) {
            # What is late is made up for: 99 % of the link as a mean.
            my $due = (time - $began) * 825;
            for (; $frames < $due; $frames++) { syswrite $ends[0], $frame }
            send $sender, 'x', 0, $to;
            sleep 0.02;
        }
    },
    # A service that does nothing.
    'stand' => sub { sleep 3600 while 1 },
);

# An Ethernet interface of 10 Mbit/s, up, whose other end is the file that is returned (linux/if_tun.h, linux/ethtool.h).
sub wire {
    my ($name) = @_;
    open my $end, '+<', '/dev/net/tun' or die "tun: $!";
    # TUNSETIFF with IFF_TAP | IFF_NO_PI; SIOCETHTOOL with ETHTOOL_SSET: speed 10, full duplex.
    my $request = pack('Z16 S x22', $name, 0x1002);
    ioctl($end, 0x400454ca, $request) or die "TUNSETIFF: $!";
    my $settings = pack('LLLSCCCCCCLLSCCLLL', 2, 0, 0, 10, 1, (0) x 13);
    $request = pack('Z16 P x16', $name, $settings);
    socket(my $any, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
    ioctl($any, 0x8946, $request) or die "ETHTOOL_SSET: $!";
    system('ip', 'link', 'set', $name, 'txqueuelen', '10', 'up') == 0 or die "ip link: $?";
    return $end;
}

my $trouble = $troubles{ $what // '' } or die "trouble: no such trouble\n";
$trouble->(@arguments);
