import { SERVICE_UNIT, STATE_DIRECTORY } from "../../src/server_setup/units/names.ts";

/** The directory of the key file and of the service's settings. */
const CONFIGURATION = "/etc/openvpn-totp";

/** An empty file by which an administrator asks that a purge leaves nothing. */
export const PURGE_MARK = `${CONFIGURATION}/delete-on-purge`;

/**
 * What dpkg runs after it has unpacked the package. An upgrade restarts a service that runs: its
 * helpers, which systemd starts anew for each password, would be of the other version.
 */
export const POSTINST = `#!/bin/sh
set -e
if [ "$1" = configure ] && [ -n "$2" ] && [ -d /run/systemd/system ] && [ -z "$DPKG_ROOT" ]; then
  deb-systemd-invoke try-restart ${SERVICE_UNIT} || true
fi
`;

/**
 * What dpkg runs after it has removed the files. Users, key and settings are the administrator's: they
 * outlive a purge, too, unless the mark says otherwise. It has to be a file of root's own.
 */
export const POSTRM = `#!/bin/sh
set -e
state="$DPKG_ROOT${STATE_DIRECTORY}"
configuration="$DPKG_ROOT${CONFIGURATION}"
mark="$DPKG_ROOT${PURGE_MARK}"

case "$1" in
  remove)
    echo "openvpn-totp: servers that are set up for it refuse all logins from now on."
    ;;
  purge)
    if [ -f "$mark" ] && [ ! -L "$mark" ] && [ -O "$mark" ]; then
      echo "openvpn-totp: deleting $state and $configuration, as $mark asks"
      rm -rf -- "$state" "$configuration"
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

/** The same for rpm, which knows no purge: the first argument is how many versions stay. */
export const RPM_POST = `if [ "$1" -gt 1 ] && [ -d /run/systemd/system ]; then
  systemctl try-restart ${SERVICE_UNIT} || :
fi`;

/** What rpm runs after it has removed the last version. */
export const RPM_POSTUN = `if [ "$1" -eq 0 ]; then
  echo "openvpn-totp: servers that are set up for it refuse all logins from now on."
  for kept in ${STATE_DIRECTORY} ${CONFIGURATION}; do
    if [ -e "$kept" ]; then
      echo "openvpn-totp: kept $kept; delete it by hand if nobody needs it any more"
    fi
  done
fi`;
