# Second stage of the virtual machine: what an init system would have done, then the command, then the end.
# The command's output goes to the second serial port, the kernel's log to the first; its status to the share.
busybox=/run/vm/busybox
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
$busybox mkdir -p /dev/pts /dev/shm
$busybox mount -t devpts -o ptmxmode=0666,mode=620,gid=5 devpts /dev/pts
$busybox mount -t tmpfs -o mode=1777 tmpfs /dev/shm
[ -e /dev/fd ] || $busybox ln -s /proc/self/fd /dev/fd
$busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup
$busybox ifconfig lo 127.0.0.1 netmask 255.0.0.0 up
$busybox hostname vm
$busybox stty -F /dev/ttyS1 raw -echo
# By a pipe: the command is to see no terminal.
{
  $busybox sh /run/vm/command.sh </dev/null
  echo $? >/run/vm/share/status
} 2>&1 | $busybox cat >/dev/ttyS1
$busybox sync
$busybox poweroff -f
