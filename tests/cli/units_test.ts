import assert from "node:assert/strict";
import { pamHelperUnit } from "../../src/server_setup/units/pam_units.ts";
import { serviceUnit } from "../../src/server_setup/units/service_unit.ts";
import { mustRun, run } from "../lab/command.ts";
import { makeForeignPlace } from "../lab/foreign_place.ts";
import { makePamService } from "../lab/pam_service.ts";
import { copyProgram, makeTestDirectory, on, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import {
  readOnly,
  systemCallsOf,
  unitOf,
  withCapabilitiesOf,
  withMounts,
  wordsOf,
} from "../lab/unit_sandbox.ts";
import { withUser } from "../lab/user.ts";

const HELPER = unitOf("openvpn-totp-pam@.service", pamHelperUnit(PROGRAM));
const SERVICE = unitOf(
  "openvpn-totp.service",
  serviceUnit({
    program: PROGRAM,
    servers: [{ socket: "/run/openvpn-totp/server.sock", proxy: null }],
    writable: [],
  }),
);

/** Rules that count wrong passwords in a directory. */
function countingRules(directory: string): string[] {
  const faillock = (step: string) => `pam_faillock.so ${step} deny=10 dir=${directory}`;
  return [
    `auth required ${faillock("preauth silent")}`,
    "auth [success=1 default=ignore] pam_unix.so",
    `auth [default=die] ${faillock("authfail")}`,
    `auth sufficient ${faillock("authsucc")}`,
    "account required pam_unix.so",
  ];
}

testWith(
  ["root", "useradd", "setpriv", "unshare"],
  "PAM checks and counts passwords with the capabilities and directories of the helper's unit",
  async () => {
    await withUser(async ({ username, password, directory, ...user }) => {
      const tallies = `${directory}/tallies`;
      await Deno.mkdir(tallies, { mode: 0o755 });
      await using service = await makePamService(countingRules(tallies));
      const attempt = await user.attempt({
        totpPamService: service.name,
        totpFreePasswords: "100",
      });
      // As the unit's ProtectSystem, ProtectHome and ProtectProc have it.
      attempt.wrap = [
        ...withMounts(
          ...["/usr", "/etc", "/root", "/home"].map(readOnly),
          "mount -t proc -o hidepid=invisible proc /proc",
        ),
        ...withCapabilitiesOf(HELPER),
      ];
      const uid = await ownerOf(username);
      for (const [tries, name] of [[1, "new"], [2, "the user's"]] as const) {
        const wrong = await attempt.password(username, "wrong");
        assert.match(wrong.stderr, /reason=wrong_password/, name);
        const tally = await Deno.stat(`${tallies}/${username}`);
        // 64 bytes for each failure (struct tally in faillock.h).
        assert.deepEqual([tally.uid, tally.size], [uid, 64 * tries], name);
        // As another service with all capabilities leaves it.
        await Deno.chmod(`${tallies}/${username}`, 0o600);
      }
      assert.equal((await attempt.password(username, password)).status, 2);
    });
  },
);

testWith(
  ["root", "useradd", "setpriv", "unshare"],
  "the program works with the rights and directories of the service's unit",
  async () => {
    assert.deepEqual(wordsOf(SERVICE, "CapabilityBoundingSet"), []);
    await using place = await makeForeignPlace();
    const program = await copyProgram(place.own);
    const args = [
      // As ProtectSystem=strict, StateDirectory, ProtectProc and ProcSubset have it.
      ...withMounts(
        `mount --bind ${place.own} ${place.own}`,
        "mount -o remount,ro,bind /",
        "mount -t proc -o subset=pid,hidepid=invisible proc /proc",
      ),
      ...withCapabilitiesOf(SERVICE),
      ...["--reuid", `${place.uid}`, "--regid", `${place.gid}`, "--clear-groups"],
      ...[program, ...on(place.db)],
    ];
    const [command, ...rest] = args;
    const enrolled = await run(command!, [...rest, "enroll", "--", "exampleuser"], { cwd: "/" });
    assert.equal(enrolled.status, 0, enrolled.stderr);
    const outside = await run(command!, [...rest, "--key", "/var/tmp/ovtotp-t-key", "rekey"], {
      cwd: "/",
    });
    assert.notEqual(outside.status, 0);
    const listed = await run(command!, [...rest, "list"], { cwd: "/" });
    assert.match(listed.stdout, /exampleuser/);
  },
);

/** The system calls that a command makes and that a unit does not allow. */
async function forbiddenCalls(
  unit: typeof HELPER,
  options: readonly string[],
  work: (wrap: string[]) => Promise<unknown>,
): Promise<string[]> {
  await using place = await makeTestDirectory();
  const trace = `${place.path}/trace`;
  await work(["strace", "-f", "-qq", "-e", "signal=none", "-o", trace, ...options]);
  const made = (await Deno.readTextFile(trace)).split("\n")
    .flatMap((line) => line.match(/^\d+ +(?:<\.\.\. )?(\w+)/)?.[1] ?? []);
  const allowed = await systemCallsOf(unit);
  assert(made.length > 100 && allowed.size > 100);
  return [...new Set(made)].filter((name) => !allowed.has(name));
}

testWith(
  ["root", "useradd", "strace", "systemd-analyze"],
  "a password check makes only system calls that the helper's unit allows",
  async () => {
    await withUser(async ({ username, password, ...user }) => {
      const attempt = await user.attempt();
      const others = await forbiddenCalls(HELPER, [], async (wrap) => {
        attempt.wrap = wrap;
        assert.equal((await attempt.password(username, password)).status, 2);
      });
      assert.deepEqual(others, []);
    });
  },
);

testWith(
  ["root", "useradd", "strace", "systemd-analyze"],
  "work on the database makes only system calls that the service's unit allows",
  async () => {
    await using place = await makeForeignPlace();
    const program = await copyProgram(place.own);
    const name = await userOf(place.uid);
    for (const args of [["enroll", "--", "exampleuser"], ["list"], ["disable", "exampleuser"]]) {
      const others = await forbiddenCalls(SERVICE, ["-u", name], async ([command, ...wrap]) => {
        const words = [...wrap, program, ...on(place.db), ...args];
        const { status, stderr } = await run(command!, words, { cwd: "/" });
        assert.equal(status, 0, stderr);
      });
      assert.deepEqual(others, [], args.join(" "));
    }
  },
);

async function userOf(uid: number): Promise<string> {
  return (await mustRun("id", ["-nu", `${uid}`])).trim();
}

async function ownerOf(username: string): Promise<number> {
  const { stdout } = await run("id", ["-u", username]);
  return Number(stdout);
}
