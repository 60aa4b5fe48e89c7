import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "otpauth";
import { Failure } from "../../../src/core/failure.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { refused } from "../../../src/core/verdict.ts";
import { answerCall } from "../../../src/hook/hook.ts";
import { openFileLogins } from "../../../src/store/open_file_logins.ts";
import { EXTERNAL_FACTOR } from "../../../src/login/first_factor.ts";
import type { ScriptEnvironment } from "../../../src/openvpn/script/environment.ts";
import { Vault } from "../../../src/secrets/vault.ts";
import { readEachSetting } from "../../../src/settings.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { holds } from "../../lab/fuzz.ts";
import { fakeFactor } from "../../lab/login_parts.ts";
import { hostileLogin } from "../../lab/hostile_call.ts";
import { codeAt } from "../../lab/login_rules.ts";
import { sessionToken } from "../../lab/session_token.ts";
import { HostileTrial, type MadeCall, type Target } from "../../lab/hostile_trial.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";
import { newEnrolment } from "../../lab/secrets.ts";

const USERNAME = "alice";
const PASSWORD = "correct horse battery staple";
const SECRET = "RUWKBBSFCFJAZNPVNCI5RBQQB2K7FJV2";
const HOUR = 3_600_000;

const pam = fakeFactor(({ loginName }, password) => {
  const isRight = loginName === USERNAME && password === PASSWORD;
  return isRight ? { outcome: "passed", username: loginName } : refused("wrong_password");
}, ({ loginName }) => ({ outcome: "passed", username: loginName }));

/** Variables as they would be in the process's own environment. */
function environmentOf(variables: MadeCall["variables"]): ScriptEnvironment {
  const bytesOf = (value: string | Uint8Array) =>
    typeof value === "string" ? new TextEncoder().encode(value) : new Uint8Array(value);
  const left = new Map([...variables].map(([name, value]) => [name, bytesOf(value)]));
  return {
    read(name) {
      const value = left.get(name);
      if (value === undefined) return undefined;
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
      } catch {
        throw new Failure("bad_call", `the variable ${name} is not valid UTF-8`);
      }
    },
    has: (name) => left.has(name),
    readBytes: (name) => left.get(name) ?? null,
    delete: (name) => void left.delete(name),
  };
}

/**
 * Runs a call as main.ts does, with the test's own clock and standard error. The right to load
 * foreign code is kept, because this process makes further calls.
 */
async function callAt(now: number, { variables, args }: MadeCall) {
  const { now: realNow } = Date;
  const { writeSync } = Deno.stderr;
  const { revokeSync } = Deno.permissions;
  const decoder = new TextDecoder();
  let stderr = "";
  Date.now = () => now;
  Deno.permissions.revokeSync = (right) => Deno.permissions.querySync(right);
  Deno.stderr.writeSync = (bytes) => {
    stderr += decoder.decode(bytes, { stream: true });
    return bytes.length;
  };
  try {
    const environment = environmentOf(variables);
    const status = await answerCall(environment.read("script_type")!, {
      args,
      environment,
      settings: readEachSetting(environment.read),
      databaseOwner: null,
      openLogins: openFileLogins,
      openFirstFactor: ({ primaryAuth }) => primaryAuth === "pam" ? pam : EXTERNAL_FACTOR,
    });
    return { status, stdout: "", stderr };
  } finally {
    Date.now = realNow;
    Deno.stderr.writeSync = writeSync;
    Deno.permissions.revokeSync = revokeSync;
  }
}

Deno.test({
  name:
    "whatever the hook is given: a verdict, no secret revealed, and nobody let in without password and code",
  // The C library, used for credentials in variables, stays loaded until the process ends.
  sanitizeResources: false,
  fn: play,
});

/** Runs a test on a database in which the user is enrolled, with a clock of its own. */
async function withUser(
  test: (
    user: { target: Target; enrolments: SqliteEnrolmentStore; pass(ms: number): void },
  ) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory(memoryDirectory());
  const { path, db } = directory;
  const keyFile = `${db}.key`;
  using database = await openDatabase(db, { create: true, busyTimeoutMs: 0 });
  const enrolments = new SqliteEnrolmentStore(database);
  let now = 1_700_000_000_000;
  const vault = new Vault(keyFile);
  const secret = new Redacted(Secret.fromBase32(SECRET).bytes);
  const sealed = await vault.seal(secret, USERNAME);
  await enrolments.enrol(
    [newEnrolment(USERNAME, sealed, now)],
    { mayReplace: () => false, knownKeys: vault.keyIds() },
  );
  const target: Target = {
    username: USERNAME,
    password: PASSWORD,
    secret: SECRET,
    db,
    keyFile,
    directory: path,
    now: () => now,
    call: (call) => callAt(now, call),
  };
  await test({ target, enrolments, pass: (ms) => void (now += ms) });
}

async function play(): Promise<void> {
  await withUser(async ({ target, enrolments, pass }) => {
    const trial = new HostileTrial(target);
    await holds(
      fc.asyncProperty(hostileLogin, async (login) => {
        // This is long enough for every lock and wait to end.
        pass(3 * HOUR);
        await trial.play(login);
        const since = target.now();
        const rows = await Array.fromAsync(enrolments.decisions({ since }));
        for (const row of rows.flat()) {
          const { loginName, ...others } = row;
          const text = JSON.stringify(others);
          assert(!text.includes(PASSWORD) && !text.includes(SECRET), text);
          assert(loginName !== PASSWORD);
        }
      }),
      1000,
    );
  });
}

/** A client's call: what it sends as username and password, and what else it can choose. */
interface Sent {
  name: string | Uint8Array;
  word: string;
  variables?: Record<string, string>;
}

const EXTERNAL_APPENDED = {
  totpPrimaryAuth: "external",
  totpChallengeMethods: "append",
  IV_SSO: "",
};

/** Calls that anybody can make without end, each different; then how many rows they may leave. */
const FLOODS: Record<string, { call(n: number): Sent; rows: number; reason: string }> = {
  "answers to challenges that nobody sent": {
    call: (n) => ({ name: `guest${n}`, word: `CRV1::state${n}::123456` }),
    rows: 22,
    reason: "no_challenge",
  },
  "wrong passwords of many names": {
    call: (n) => ({ name: `guest${n}`, word: "x" }),
    rows: 22,
    reason: "wrong_password",
  },
  "names that cannot be one": {
    call: (n) => ({ name: `${n}${"x".repeat(300)}`, word: "x" }),
    rows: 1,
    reason: "bad_username",
  },
  "tokens that OpenVPN did not verify": {
    call: (n) => ({ name: `guest${n}`, word: new TextDecoder().decode(sessionToken(n)) }),
    rows: 1,
    reason: "token_refused",
  },
  "names that are no text": {
    call: (n) => ({ name: new Uint8Array([0xff, ...new TextEncoder().encode(`${n}`)]), word: "x" }),
    rows: 1,
    reason: "failure",
  },
  "clients without a method, where another factor decides": {
    call: (n) => ({ name: `guest${n}`, word: "x", variables: EXTERNAL_APPENDED }),
    rows: 22,
    reason: "client_without_method",
  },
  "wrong codes that are appended, where another factor decides": {
    call: (n) => ({ name: `guest${n}`, word: "x123456", variables: EXTERNAL_APPENDED }),
    rows: 22,
    reason: "not_enrolled",
  },
  "challenges that nobody answers, where another factor decides": {
    call: (n) => ({ name: `guest${n}`, word: "x", variables: { totpPrimaryAuth: "external" } }),
    rows: 60,
    reason: "not_enrolled",
  },
};

Deno.test({
  name:
    "whatever a client sends again and again: few rows, and a known user and others still log in",
  sanitizeResources: false,
  fn: async () => {
    for (const [what, flood] of Object.entries(FLOODS)) await endure(what, flood);
  },
});

async function endure(what: string, flood: typeof FLOODS[string]): Promise<void> {
  await withUser(async ({ target, enrolments, pass }) => {
    await logIn(target, "known", "2001:db8::1");
    for (let n = 0; n < 200; n++) {
      const { status } = await connect(target, `f${n}`, `2001:db8::${n}:2`, flood.call(n));
      assert.notEqual(status, 0, what);
      pass(250);
    }
    const all = (await Array.fromAsync(enrolments.decisions({}))).flat();
    const rows = all.filter(({ outcome }) => outcome !== "accepted");
    assert.equal(all.length, rows.length + 1, what);
    assert(rows.length <= flood.rows, `${what}: ${rows.length} rows`);
    assert(rows.every(({ reason }) => reason === flood.reason), what);
    if (flood.rows === 1) assert.equal(rows[0]!.count, 200, what);
    // Of the code that let the user in before, the step is used up.
    pass(60_000);
    await logIn(target, "again", "2001:db8::1");
    pass(60_000);
    await logIn(target, "elsewhere", "192.0.2.1");
  });
}

/** Makes the first call of a login. */
async function connect(
  { directory, db, keyFile, call }: Target,
  id: string,
  address: string,
  { name, word, variables = {} }: Sent,
) {
  const path = `${directory}/${id}`;
  for (const kind of ["acf", "apf", "afr"]) Deno.writeTextFileSync(`${path}.${kind}`, "");
  const nameBytes = typeof name === "string" ? new TextEncoder().encode(name) : name;
  const content = [...nameBytes, 10, ...new TextEncoder().encode(`${word}\n`)];
  Deno.writeFileSync(`${path}.up`, new Uint8Array(content));
  return await call({
    args: [`${path}.up`],
    variables: new Map(Object.entries({
      ...{ script_type: "user-pass-verify", IV_SSO: "crtext", common_name: "laptop" },
      auth_control_file: `${path}.acf`,
      auth_pending_file: `${path}.apf`,
      auth_failed_reason_file: `${path}.afr`,
      [address.includes(":") ? "untrusted_ip6" : "untrusted_ip"]: address,
      ...{ totpTokenDbPath: db, totpKeyFile: keyFile },
      ...variables,
    })),
  });
}

/** Logs the user in with a code that comes with the password. */
async function logIn(target: Target, id: string, address: string): Promise<void> {
  const { status, stderr } = await connect(target, id, address, {
    name: USERNAME,
    word: PASSWORD + codeAt(SECRET, target.now()),
    variables: { totpChallengeMethods: "append", IV_SSO: "" },
  });
  assert.equal(status, 0, stderr);
}
