import { isOnPath } from "../../scripts/is_on_path.ts";
import { isThere } from "../../scripts/is_there.ts";
import { isFile } from "../../src/system/present_files.ts";
import { postgresBinary } from "./postgres_binaries.ts";
import { canSealMemory } from "./sealed_memory.ts";
import { canLimitTasks } from "./task_limit.ts";
import { wayIn } from "./way_in.ts";

/** The command that makes a journal file from entries given as text. */
export const JOURNAL_WRITER = "/lib/systemd/systemd-journal-remote";

/** What a test may need from the machine, and how to get it. */
const REQUIREMENTS = {
  root: {
    isMet: () => Deno.uid() === 0,
    advice: "root: run as root (sudo)",
  },
  openvpn: command("openvpn", "openvpn"),
  ip: command("ip", "iproute2"),
  ping: command("ping", "iputils-ping"),
  openssl: command("openssl", "openssl"),
  useradd: command("useradd", "passwd"),
  oathtool: command("oathtool", "oathtool"),
  strace: command("strace", "strace"),
  gcc: command("gcc", "gcc and libc6-dev"),
  script: command("script", "bsdutils"),
  "systemd-socket-activate": command("systemd-socket-activate", "systemd"),
  bash: command("bash", "bash"),
  zsh: command("zsh", "zsh"),
  fish: command("fish", "fish"),
  man: command("man", "man-db"),
  groff: command("groff", "groff-base"),
  mandoc: command("mandoc", "mandoc"),
  sqlite3: command("sqlite3", "sqlite3"),
  postgres: {
    isMet: () => ["initdb", "postgres", "psql"].every((name) => isFile(postgresBinary(name))),
    advice: "a PostgreSQL server, 13 or later: apt-get install postgresql",
  },
  python3: command("python3", "python3"),
  "google-authenticator": command(
    "google-authenticator",
    "libpam-google-authenticator",
  ),
  zbarimg: command("zbarimg", "zbar-tools"),
  "rsvg-convert": command("rsvg-convert", "librsvg2-bin"),
  chromium: command("chromium", "chromium and fonts-dejavu-core"),
  pdfinfo: command("pdfinfo", "poppler-utils"),
  fail2ban: command("fail2ban-regex", "fail2ban"),
  apparmor_parser: command("apparmor_parser", "apparmor"),
  "systemd-analyze": command("systemd-analyze", "systemd"),
  "systemd-sysusers": command("systemd-sysusers", "systemd"),
  dpkg: command("dpkg", "dpkg"),
  rpmbuild: command("rpmbuild", "rpm"),
  git: command("git", "git"),
  minisign: command("minisign", "minisign"),
  setpriv: command("setpriv", "util-linux"),
  unshare: command("unshare", "util-linux"),
  journal: {
    isMet: () =>
      isFile(JOURNAL_WRITER) &&
      isFile("/usr/lib/python3/dist-packages/systemd/journal.py"),
    advice: "a journal's file, made and read: " +
      "apt-get install systemd-journal-remote python3-systemd",
  },
  "task limit": {
    isMet: canLimitTasks,
    advice: "cgroups that root can make, with the controller pids",
  },
  "sealed memory": {
    isMet: canSealMemory,
    advice: "Linux 6.3 or later, and python3: apt-get install python3",
  },
  tun: {
    isMet: () => isThere("/dev/net/tun"),
    advice: "/dev/net/tun: load the module tun",
  },
} as const satisfies Record<
  string,
  { isMet: () => boolean; advice: string }
>;

/** The name of something that a test may need. */
export type Requirement = keyof typeof REQUIREMENTS;

/** What a real login through a real OpenVPN needs. */
export const OPENVPN_LAB: readonly Requirement[] = [
  "root",
  "openvpn",
  "ip",
  "ping",
  "openssl",
  "useradd",
  "sqlite3",
  "tun",
];

/** What a real PostgreSQL needs, which root can't run as itself. */
export const POSTGRES_LAB: readonly Requirement[] = [
  "postgres",
  "setpriv",
  ...Deno.uid() === 0 ? ["useradd"] as const : [],
];

/** What is missing, in words that say what to do. */
export function missing(requirements: readonly Requirement[]): string[] {
  return requirements.filter((name) => !REQUIREMENTS[name].isMet())
    .map((name) => REQUIREMENTS[name].advice);
}

/** What is missing among everything that any test needs. */
export function missingForAllTests(): string[] {
  return missing(Object.keys(REQUIREMENTS) as Requirement[]);
}

/** A test that is skipped if the machine lacks something; `deno task test` says what is missing. */
export function testWith(
  requirements: readonly Requirement[],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const ignore = missing(requirements).length > 0;
  Deno.test({ name: wayIn.isService ? `by the service, ${name}` : name, ignore, fn });
}

/** A test of what only scripts do; the service has tests of its own for that. */
export const testScripts: typeof testWith = (...test) => {
  if (!wayIn.isService) testWith(...test);
};

function command(
  name: string,
  debianPackage: string,
): { isMet: () => boolean; advice: string } {
  return {
    isMet: () => isOnPath(name),
    advice: `${name}: apt-get install ${debianPackage}`,
  };
}
