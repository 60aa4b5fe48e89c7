import { SERVICE_UNIT, STATE_DIRECTORY } from "../../src/server_setup/units/names.ts";

/** The directory of the key file and of the service's settings. */
const CONFIGURATION = "/etc/openvpn-totp";

/** An empty file by which an administrator asks that a purge leaves nothing. */
export const PURGE_MARK = `${CONFIGURATION}/delete-on-purge`;

/**
 * What dpkg runs after it has unpacked the package. A service that runs is restarted: its helpers,
 * which systemd starts anew for each password, would be of the other version. It may also run at a first
 * installation, from a program that was put there by hand, or that a removed package has left running.
 */
export const POSTINST = `#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ] && [ -z "$DPKG_ROOT" ]; then
  deb-systemd-invoke try-restart ${SERVICE_UNIT} || true
fi
`;

/**
 * What dpkg runs after it has removed the files. Users, key and settings are the administrator's: they
 * outlive a purge, too, unless the mark says otherwise. It has to be an empty file of root's own. It is
 * removed last, so that a purge that was interrupted can be repeated. What is mounted there belongs to
 * something else; rm(1) by itself only knows mounts of other file systems.
 */
export const POSTRM = `#!/bin/sh
set -e
state="$DPKG_ROOT${STATE_DIRECTORY}"
configuration="$DPKG_ROOT${CONFIGURATION}"
mark="$DPKG_ROOT${PURGE_MARK}"

is_asked() {
  [ -f "$mark" ] && [ ! -L "$mark" ] && [ -O "$mark" ] && [ ! -s "$mark" ]
}

refuse_mounts() {
  [ -r /proc/self/mountinfo ] || return 0
  directory=$(cd "$1" 2>/dev/null && pwd -P) || return 0
  while read -r _ _ _ _ point _; do
    case "$point/" in
      "$directory"/*)
        echo "openvpn-totp: $point is a mount, so nothing is deleted: unmount it, then purge again" >&2
        exit 1
        ;;
    esac
  done < /proc/self/mountinfo
}

delete() {
  if [ -L "$1" ]; then
    echo "openvpn-totp: $1 is a link: deleting it, and keeping what it leads to"
    rm -f -- "$1"
    return
  fi
  for one in "$1"/* "$1"/.[!.]*; do
    [ "$one" = "$mark" ] || rm -rf --one-file-system -- "$one"
  done
  rm -rf --one-file-system -- "$1"
}

case "$1" in
  remove)
    echo "openvpn-totp: servers that are set up for it refuse all logins from now on."
    ;;
  purge)
    if is_asked; then
      refuse_mounts "$state"
      refuse_mounts "$configuration"
      echo "openvpn-totp: deleting $state and $configuration, as $mark asks"
      delete "$state"
      delete "$configuration"
    else
      for kept in "$state" "$configuration"; do
        if [ -e "$kept" ]; then
          echo "openvpn-totp: kept $kept; delete it by hand if nobody needs it any more"
        fi
      done
    fi
    ;;
esac
`;

/** The same for rpm. */
export const RPM_POST = `if [ -d /run/systemd/system ]; then
  systemctl try-restart ${SERVICE_UNIT} || :
fi`;

/** What rpm, which knows no purge, runs after it has removed a version: the first argument is how many stay. */
export const RPM_POSTUN = `if [ "$1" -eq 0 ]; then
  echo "openvpn-totp: servers that are set up for it refuse all logins from now on."
  for kept in ${STATE_DIRECTORY} ${CONFIGURATION}; do
    if [ -e "$kept" ]; then
      echo "openvpn-totp: kept $kept; delete it by hand if nobody needs it any more"
    fi
  done
fi`;
