import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { changeAccounts, makeAccount } from "../lab/accounts.ts";
import { mustRun, run } from "../lab/command.ts";
import { makePamService, PAM_SERVICES, PLAIN_RULES } from "../lab/pam_service.ts";
import { enroll, keyFileOf, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

/** The findings about PAM, without those that are not wanted. */
type Found = Pick<Finding, "id" | "level" | "what" | "why" | "at">[];

/** A configuration with a database and these lines; runs doctor and gives what it says of PAM. */
async function makeServer(...lines: string[]) {
  const directory = await makeTestDirectory();
  const { path, db } = directory;
  const config = `${path}/server.conf`;
  await enroll(db, "root");
  await Deno.writeTextFile(
    config,
    [
      `setenv totpTokenDbPath ${db}`,
      `setenv totpKeyFile ${keyFileOf(db)}`,
      ...lines,
      "",
    ].join("\n"),
  );
  return Object.assign(directory, {
    doctor: async (user?: { username: string; password: string }): Promise<Found> => {
      const args = user === undefined ? [] : ["--user", user.username, "--password-from", "-"];
      const { stdout, stderr } = await run(
        PROGRAM,
        ["doctor", "--config", config, "--json", ...args],
        { stdin: user?.password ?? "" },
      );
      assert(stdout.startsWith("{"), stderr);
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      return findings.filter(({ id }) => /^pam_|password$/.test(id) && id !== "pam_start");
    },
  });
}

const said = (found: Found) =>
  found.filter(({ id }) => /^pam_(codes|stack)|^(any_)?password$/.test(id))
    .map(({ id, level }) => `${level} ${id}`);

testWith(
  ["root", "useradd", "google-authenticator"],
  "doctor names the line of a code module that makes each right password a wrong one",
  async () => {
    await using account = await makeAccount();
    await using common = await makePamService([
      "# codes of the past",
      "auth required pam_google_authenticator.so",
      "auth required pam_unix.so try_first_pass",
    ]);
    await using service = await makePamService([
      `@include ${common.name}`,
      "account required pam_unix.so",
    ]);
    await using server = await makeServer(`setenv totpPamService ${service.name}`);
    const found = await server.doctor(account);
    assert.deepEqual(said(found), ["problem pam_codes", "ok pam_stack", "problem password"]);
    const codes = found.find(({ id }) => id === "pam_codes")!;
    assert.equal(codes.at, `${PAM_SERVICES}/${common.name}:2`);
    assert.match(codes.what, /pam_google_authenticator/);
    assert.match(codes.why!, /PAM service of its own/);
    assert.match(found.at(-1)!.what, /^wrong_password/);

    // As docs/doctor.md advises.
    await service.use(PLAIN_RULES);
    assert.deepEqual(said(await server.doctor(account)), [
      ...["ok pam_codes", "ok pam_stack", "ok password", "ok any_password"],
    ]);
  },
);

testWith(
  ["root", "useradd"],
  "doctor finds a PAM service that takes any password, by its rules and by a random password",
  async () => {
    await using account = await makeAccount();
    await using service = await makePamService([]);
    await using server = await makeServer(`setenv totpPamService ${service.name}`);
    const rules = [
      ["auth required pam_permit.so"],
      ["auth sufficient pam_rootok.so", "auth required pam_unix.so"],
      ["auth optional pam_unix.so", "auth required pam_permit.so"],
      [`auth required pam_succeed_if.so user = ${account.username}`],
    ];
    for (const auth of rules) {
      await service.use([...auth, "account required pam_unix.so"]);
      const found = await server.doctor(account);
      assert.deepEqual(said(found), [
        ...["ok pam_codes", "problem pam_stack", "ok password", "problem any_password"],
      ], auth.join());
    }
    // The rules alone do not tell of a program that lets in everybody.
    await service.use([
      "auth required pam_exec.so expose_authtok /bin/true",
      "account required pam_unix.so",
    ]);
    assert.deepEqual(said(await server.doctor(account)), [
      ...["ok pam_codes", "ok pam_stack", "ok password", "problem any_password"],
    ]);
  },
);

testWith(
  ["root", "useradd"],
  "doctor --user leaves one failure where PAM counts them, whether the password is right or not",
  async () => {
    await using account = await makeAccount();
    await using server = await makeServer();
    const faillock = `dir=${server.path}/faillock deny=5 unlock_time=600`;
    await using service = await makePamService([
      `auth required pam_faillock.so preauth ${faillock}`,
      "auth [success=1 default=bad] pam_unix.so",
      `auth [default=die] pam_faillock.so authfail ${faillock}`,
      `auth sufficient pam_faillock.so authsucc ${faillock}`,
      "account required pam_unix.so",
    ]);
    await Deno.mkdir(`${server.path}/faillock`);
    await using counted = await makeServer(`setenv totpPamService ${service.name}`);
    const failures = async () => {
      const args = ["--dir", `${server.path}/faillock`, "--user", account.username];
      const lines = (await mustRun("faillock", args)).split("\n");
      return lines.filter((line) => / V *$/.test(line)).length;
    };
    assert.deepEqual(said(await counted.doctor(account)).slice(-2), [
      ...["ok password", "ok any_password"],
    ]);
    assert.equal(await failures(), 1);
    const wrong = { ...account, password: "not this one" };
    assert.deepEqual(said(await counted.doctor(wrong)).slice(-1), ["problem password"]);
    assert.equal(await failures(), 2);
    // A right one takes them back.
    await counted.doctor(account);
    assert.equal(await failures(), 1);
  },
);

testWith(
  ["root", "useradd"],
  "doctor names an account without a password where the plugin would let it in",
  async () => {
    await using account = await makeAccount();
    await using service = await makePamService([
      "auth required pam_unix.so nullok",
      "account required pam_unix.so",
    ]);
    await using server = await makeServer(
      "setenv totpPrimaryAuth external",
      `plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so ${service.name}`,
    );
    const whats = async () => (await server.doctor()).map(({ what }) => what).join("\n");
    assert(!(await whats()).includes(account.username));
    await changeAccounts("passwd", ["--delete", account.username]);
    const found = await server.doctor();
    assert(found.some(({ level, id }) => `${level} ${id}` === "problem pam_stack"));
    assert.match(await whats(), /has nullok, and \S+.* may log in without a password/);
  },
);
