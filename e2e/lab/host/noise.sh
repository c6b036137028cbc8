#!/bin/sh
# A host that is busy and well: what servers do all day, for real, until it is ended. Nothing here is a fault.
#   noise.sh ADDRESS
address=$1
PATH=$PATH:/usr/sbin:/sbin
home=$(mktemp -d)
cd "$home" || exit 1

# A parallel build, again and again: hundreds of short-lived compilers of the same name.
build() {
  mkdir build; cd build || exit
  for n in $(seq 60); do printf 'int f%s(int x) { int a[64]; for (int i = 0; i < 64; i++) a[i] = x * i; return a[x %% 64]; }\n' "$n" >"$n.c"; done
  printf 'OBJECTS = %s\nall: $(OBJECTS)\n%%.o: %%.c\n\t$(CC) -O2 -c -o $@ $<\n' "$(seq -s ' ' -f '%g.o' 60)" >Makefile
  while :; do make -s -j4 CC="$(command -v cc || echo cp)" 2>/dev/null || for c in *.c; do gzip -kf "$c"; done; rm -f ./*.o; sleep 20; done
}

# A package is installed and removed, as an unattended upgrade does.
packages() {
  mkdir -p package/DEBIAN package/opt/tool root/var/lib/dpkg/info root/var/lib/dpkg/updates root/var/lib/dpkg/triggers
  printf 'Package: tool\nVersion: 1\nArchitecture: all\nMaintainer: lab\nDescription: a tool\n' >package/DEBIAN/control
  head -c 2000000 /dev/urandom >package/opt/tool/data
  touch root/var/lib/dpkg/status
  dpkg-deb --build package tool.deb >/dev/null 2>&1
  while :; do dpkg --root="$home/root" --force-all -i tool.deb >/dev/null 2>&1; dpkg --root="$home/root" --force-all -P tool >/dev/null 2>&1; sleep 15; done
}

# Cron's jobs every minute, two of which do the same each time.
cron() {
  mkdir crontabs
  printf '* * * * * sh -c "ls -R /etc | wc -l"\n* * * * * sh -c "for i in 1 2 3 4 5; do date; done"\n' >crontabs/root
  exec busybox crond -f -c "$home/crontabs" -L /dev/null
}

# A server that forks for each request, under load.
server() {
  perl -MIO::Socket::INET -e '$SIG{CHLD} = "IGNORE"; my $s = IO::Socket::INET->new(LocalAddr => shift, LocalPort => 8800, Listen => 128, ReuseAddr => 1) or die;
    while (my $c = $s->accept) { if (!fork) { my $line = <$c>; my $n = 0; $n += $_ for 1 .. 20000; print $c "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"; exit } close $c }' "$address" &
  sleep 1
  while :; do ab -q -n 200 -c 8 "http://$address:8800/" >/dev/null 2>&1; sleep 2; done
}

# A log that is written and rotated.
log() {
  mkdir -p /srv/www/well/log; f=/srv/www/well/log/app.log
  printf '%s {\n  rotate 2\n  copytruncate\n  missingok\n  compress\n}\n' "$f" >rotate.conf
  while :; do for n in $(seq 60); do echo "$(date +%FT%T) request $n served" >>"$f"; sleep 0.5; done; logrotate -f -s rotate.state rotate.conf 2>/dev/null; done
}

# A backup: it reads a lot, compresses and writes a lot.
backup() {
  while :; do tar -czf backup.tar.gz /usr/share/perl /usr/share/doc/perl* 2>/dev/null; rm -f backup.tar.gz; sleep 45; done
}

# A script that starts thousands of commands one after the other, and a pager's watch.
scripts() { while :; do for f in /etc/*.conf; do grep -c . "$f" >/dev/null; done; sleep 5; done; }

build & packages & cron & server & log & backup & scripts &
trap 'rm -rf "$home"; kill 0' TERM
wait
