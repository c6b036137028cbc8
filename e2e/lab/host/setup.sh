#!/bin/sh
# Runs as pid 1 of a lab host, inside its new namespaces and cgroups, and becomes its init.
#   $1 the host's seed directory (files to install)   $2 hostname   $3 lxcfs mount, or - for none   $4 a node, for services
# The machine's files are seen read-only; what a host writes goes to its own tmpfs, charged to its own
# memory cgroup. Says "ready" on its standard output once the host is set up.
set -eu
seed=$1 name=$2 lxcfs=$3 node=$4

mount --make-rprivate /
hostname "$name"

# Figures of its own. Not uptime: /proc/PID/stat counts start times from the machine's boot, so with another
# uptime `ps` computes ages of a hundred years (measured). Not diskstats: lxcfs passes the machine's through.
if [ "$lxcfs" != - ]; then
  for file in stat meminfo loadavg cpuinfo swaps; do mount --bind "$lxcfs/proc/$file" /proc/$file; done
  [ -d "$lxcfs/sys/devices/system/cpu" ] && mount --bind "$lxcfs/sys/devices/system/cpu" /sys/devices/system/cpu
fi
# Own copies of what a host writes. Seed, lxcfs and node are used before /tmp and /home are hidden.
mkdir -p /srv /var/log /var/tmp /root /home /etc/ssh
staging=/dev/shm
mount -t tmpfs -o mode=1777,size=50% tmpfs $staging
cp -R "$seed/etc" "$seed/lab" $staging/
: >$staging/node
mount --bind "$node" $staging/node
for directory in /srv /run /var/log /home; do mount -t tmpfs -o mode=755,size=50% tmpfs $directory; done
for directory in /tmp /var/tmp; do mount -t tmpfs -o mode=1777,size=50% tmpfs $directory; done
mount -t tmpfs -o mode=700,size=50% tmpfs /root

# A pseudo-terminal namespace of its own, so that its ptys count from 0 and others cannot be opened.
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts /dev/pts
mount --bind /dev/pts/ptmx /dev/ptmx

mkdir -p /run/sshd /run/lock /run/lab
cp -R $staging/etc $staging/lab /run/lab/
: >/run/lab/node
mount --move $staging/node /run/lab/node
rm -rf $staging/etc $staging/lab $staging/node
mount -t tmpfs -o mode=755,size=1m tmpfs /etc/ssh
cp -R /run/lab/etc/ssh/. /etc/ssh/
chmod 600 /etc/ssh/ssh_host_*_key
chmod 600 /run/lab/etc/shadow
for file in passwd group shadow hostname; do
  [ -e /etc/$file ] && mount --bind /run/lab/etc/$file /etc/$file
done
: >/run/utmp
: >/var/log/wtmp
: >/var/log/lastlog
chmod 755 /run/lab /run/lab/lab
mkdir -p /home/deploy /srv/www
cp /etc/skel/.bashrc /etc/skel/.profile /home/deploy/ 2>/dev/null || true
cp /etc/skel/.bashrc /etc/skel/.profile /root/ 2>/dev/null || true
chown -R 1500:1500 /home/deploy /srv/www

mount --bind /run/lab/etc/boot_id /proc/sys/kernel/random/boot_id
mount -o remount,bind,ro /

echo ready
cd /
exec perl /run/lab/lab/init.pl </dev/null >/dev/null 2>&1
