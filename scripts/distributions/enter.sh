#!/bin/sh
# Runs a command in a distribution's root, as if the root were a machine of its own:
#   enter.sh ROOT STAGE MOUNTS COMMAND [ARGUMENT...]
# STAGE is an empty directory. Each line of MOUNTS is "ro" or "rw", a file or directory, and where it
# is to be in the root, with "|" between them.
#
# Mounts, processes, network and host name are in namespaces of their own, and what the command
# writes goes to memory. So nothing is left on this machine however the command ends, and the root
# stays as it was made.
set -eu

if [ "${OVTOTP_INSIDE:-}" != yes ]; then
  # If whoever started this is killed, everything in the namespaces is killed, too.
  OVTOTP_INSIDE=yes exec setpriv --pdeathsig KILL \
    unshare --mount --pid --net --ipc --uts --fork --kill-child=KILL "$0" "$@"
fi
unset OVTOTP_INSIDE
root=$1 stage=$2 mounts=$3
shift 3

# From here on, this machine has no part in what is mounted.
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$stage"
cd "$stage"
mkdir upper work root
mount -t overlay -o "lowerdir=$root,upperdir=$stage/upper,workdir=$stage/work" overlay root
cd root

mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
for directory in dev run; do mount -t tmpfs -o mode=755 tmpfs "$directory"; done
mkdir dev/net dev/pts dev/shm run/lock
while read -r name major minor; do
  # As udev has them: for everybody.
  mknod -m 666 "dev/$name" c "$major" "$minor"
done <<DEVICES
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
net/tun 10 200
DEVICES
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for directory in tmp dev/shm; do mount -t tmpfs -o mode=1777 tmpfs "$directory"; done

printf '%s\n' "$mounts" | while IFS='|' read -r mode source target; do
  if [ -d "$source" ]; then
    mkdir -p ".$target"
  else
    mkdir -p ".${target%/*}"
    touch ".$target"
  fi
  mount --bind "$source" ".$target"
  if [ "$mode" = ro ]; then mount -o remount,bind,ro ".$target"; fi
done

mkdir .machine
pivot_root . .machine
umount --lazy .machine
rmdir .machine
cd /
hostname root
ip link set lo up
exec "$@"
