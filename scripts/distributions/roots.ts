/** A distribution that the tests run in. */
export interface Distribution {
  /** Its name in the archive (debootstrap(8)). */
  suite: string;
  title: string;
  /** The files and directories of tests, from the top of the checkout. */
  tests: readonly string[];
}

const EVERYWHERE = [
  ...["tests/openvpn", "tests/pam"],
  ...["tests/distributions/clients", "tests/distributions/packages"],
];

/** The distributions, those with the older OpenVPN first. */
export const DISTRIBUTIONS: readonly Distribution[] = [
  { suite: "trixie", title: "Debian 13", tests: EVERYWHERE },
  {
    suite: "sid",
    title: "Debian sid",
    tests: [...EVERYWHERE, "tests/distributions/openvpn_2_7"],
  },
];

/** The Debian packages that the tests need, besides a minimal system. */
export const PACKAGES = [
  ...["openvpn", "openvpn3-client", "network-manager", "dbus"],
  // NetworkManager's plugin, with the dialogue that asks for a challenge's answer, on a terminal too.
  "network-manager-openvpn-gnome",
  ...["iproute2", "iputils-ping", "openssl", "passwd", "procps", "systemd", "util-linux"],
  ...["gcc", "libc6-dev", "postgresql", "sqlite3"],
];

/** Of the tests, those that are one whole login by each method. */
export const CORE = [
  "a right code connects, once",
  "a static challenge: password and code in one step, and after an empty answer another method asks",
  "an appended code: off by default, then password and code in one line",
  "a client without crtext gets a dynamic challenge, and a right answer connects it once",
];
