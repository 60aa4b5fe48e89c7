#!/bin/sh
# Makes a distribution's root, with packages in it:
#   make.sh SUITE ROOT ARCHIVE PACKAGE...
# apt inside the root resolves what the packages need: debootstrap(8) knows no alternatives.
set -eu

if [ "${OVTOTP_INSIDE:-}" != yes ]; then
  # Mounts, and services that a package starts, end with the namespaces.
  OVTOTP_INSIDE=yes exec setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --kill-child=KILL --mount-proc "$0" "$@"
fi
unset OVTOTP_INSIDE
suite=$1 root=$2 archive=$3
shift 3

eval "$(apt-config shell valid Acquire::Check-Valid-Until proxy Acquire::http::Proxy)"
# debootstrap asks apt for no other proxy than one that is detected.
[ "${proxy:-DIRECT}" = DIRECT ] || export http_proxy="$proxy"
debootstrap --force-check-gpg --variant=minbase --include=ca-certificates "$suite" "$root" "$archive"
# No service is to start here (invoke-rc.d(8)).
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
# As this machine's apt takes its own archives: some mirrors stand still.
apt() {
  DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq \
    -o "Acquire::Check-Valid-Until=${valid:-true}" -o "Acquire::http::Proxy=${proxy:-}" "$@"
}
apt update
apt install --yes --no-install-recommends "$@"
apt clean
