#!/bin/busybox sh
# First process of the virtual machine, on its initramfs: takes the other machine's files as its root, read-only under
# a layer of its own, and becomes stage two there. Kernel parameter fireline.cgroups=v1 asks for version 1 groups.
busybox=/bin/busybox
$busybox mkdir -p /proc /sys /dev /lower /layer /root /share
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs dev /dev
# In the order of their dependencies.
for module in $($busybox cat /modules/order); do $busybox insmod "/modules/$module" || $busybox echo "insmod $module failed"; done
fail() {
  $busybox echo "vm: $1" >/dev/ttyS1
  $busybox poweroff -f
}
$busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro root /lower || fail 'its root was not mounted'
$busybox mount -t tmpfs -o mode=755 tmpfs /layer
$busybox mkdir /layer/upper /layer/work
$busybox mount -t overlay -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work overlay /root || fail 'the overlay was not mounted'
$busybox mkdir -p /root/proc /root/sys /root/dev /root/run /root/tmp
$busybox mount --move /proc /root/proc
$busybox mount --move /sys /root/sys
$busybox mount --move /dev /root/dev
$busybox mount -t tmpfs -o mode=755 tmpfs /root/run
$busybox mount -t tmpfs -o mode=1777 tmpfs /root/tmp
$busybox mkdir /root/run/vm /root/run/vm/share
$busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 share /root/run/vm/share || fail 'the share was not mounted'
$busybox cp /bin/busybox /stage2.sh /command.sh /root/run/vm/
exec $busybox switch_root /root /run/vm/busybox sh /run/vm/stage2.sh
