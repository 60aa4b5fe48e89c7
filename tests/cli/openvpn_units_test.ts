import assert from "node:assert/strict";
import { isOn, lastOf, type Unit } from "../../src/server_setup/systemd/unit_file.ts";
import { mustRun } from "../lab/command.ts";
import { base64, codeOf, copyProgram, enroll } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { limitTasks } from "../lab/task_limit.ts";
import { readOnly, unitOf, withCapabilitiesOf, withMounts } from "../lab/unit_sandbox.ts";
import { type EnrolledUser, withUser } from "../lab/user.ts";

const CAPABILITIES = "CAP_IPC_LOCK CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETGID " +
  "CAP_SETUID CAP_SETPCAP CAP_SYS_CHROOT CAP_DAC_OVERRIDE CAP_AUDIT_WRITE";

/** What the units of OpenVPN's packages have in common. */
const COMMON = ["[Service]", "PrivateTmp=true", "ProtectSystem=true", "ProtectHome=true"];

/** The limits of the units that start OpenVPN, by where they come from. */
const UNITS = Object.entries({
  "openvpn-server@ 2.6, Debian 12 and 13": [
    `CapabilityBoundingSet=${CAPABILITIES}`,
    "LimitNPROC=10",
  ],
  "openvpn@ 2.6, Debian 12 and 13": [`CapabilityBoundingSet=${CAPABILITIES}`, "TasksMax=10"],
  "openvpn-server@ 2.7.0": [
    `CapabilityBoundingSet=${CAPABILITIES} CAP_SYS_NICE`,
    "LimitNPROC=10",
  ],
  "both from 2.7.1, Debian sid": [
    `CapabilityBoundingSet=${CAPABILITIES} CAP_SYS_NICE`,
    "TasksMax=20",
  ],
}).map(([name, lines]) => unitOf(name, [...COMMON, ...lines].join("\n")));

/** What systemd puts in front of the root's directories, so that they are not seen. */
const HIDDEN = ["/home", "/root", "/run/user"];

/**
 * Mounts as the unit has them. A directory stays where it is in a /tmp of the unit's own, as
 * OpenVPN's files there do.
 */
function withMountsOf(unit: Unit, directory: string): string[] {
  const hide = (path: string) =>
    `{ ! [ -d ${path} ] || mount -t tmpfs -o ro,mode=000 tmpfs ${path}; }`;
  return withMounts(
    `mount --bind ${directory} /mnt`,
    ...isOn(unit, "PrivateTmp")
      ? ["/tmp", "/var/tmp"].map((path) => `mount -t tmpfs tmpfs ${path}`)
      : [],
    `mkdir -p ${directory} && mount --bind /mnt ${directory}`,
    ...isOn(unit, "ProtectSystem") ? [readOnly("/usr")] : [],
    ...isOn(unit, "ProtectHome") ? HIDDEN.map(hide) : [],
  );
}

/** Runs a copy of the program in place of the one in the arguments, which a unit may hide. */
function inPlaceOfProgram(copy: string): string[] {
  return ["sh", "-c", 'shift && exec "$0" "$@"', copy];
}

/**
 * Both calls of a login within a unit's limits, with a task of OpenVPN's beside them.
 *
 * @param ids options of setpriv(1) for another user than root
 */
async function login(unit: Unit, user: EnrolledUser, ids: readonly string[] = []): Promise<void> {
  const { username, password, db, directory } = user;
  const secret = await enroll(db, username);
  const attempt = await user.attempt(ids.length === 0 ? {} : { totpPrimaryAuth: "external" });
  if (ids.length > 0) await mustRun("chown", ["-R", username, directory]);
  const tasks = lastOf(unit, "TasksMax");
  const processes = lastOf(unit, "LimitNPROC");
  using limit = tasks === null ? null : limitTasks(Number(tasks.value) - 1);
  attempt.wrap = [
    ...withMountsOf(unit, directory),
    ...limit?.wrap ?? [],
    ...processes === null ? [] : ["prlimit", `--nproc=${processes.value}`],
    ...withCapabilitiesOf(unit),
    ...ids,
    ...inPlaceOfProgram(`${directory}/openvpn-totp`),
  ];
  const first = await attempt.password(username, password);
  assert.equal(first.status, 2, `${unit.name}: ${first.stderr}`);
  const second = await attempt.answer(base64(codeOf(secret)));
  assert.equal(second.status, 0, `${unit.name}: ${second.stderr}`);
}

testWith(
  ["root", "useradd", "setpriv", "unshare", "task limit"],
  "a login works within the limits of each unit that starts OpenVPN",
  async () => {
    await withUser(async (user) => {
      await copyProgram(user.directory);
      for (const unit of UNITS) await login(unit, user);
      const tooFew = unitOf("too few", [...COMMON, "TasksMax=2"].join("\n"));
      await assert.rejects(() => login(tooFew, user), /too few: [^]*can't spawn worker thread/);
    });
  },
);

testWith(
  ["root", "useradd", "setpriv", "unshare", "task limit"],
  "a login with codes alone works within them as another user, whose processes LimitNPROC counts",
  async () => {
    await withUser(async (user) => {
      await copyProgram(user.directory);
      const { username } = user;
      const ids = ["--reuid", username, "--regid", username, "--clear-groups"];
      for (const unit of UNITS.slice(0, 2)) await login(unit, user, ids);
    });
  },
);
