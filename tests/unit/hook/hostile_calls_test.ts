import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "otpauth";
import { Failure } from "../../../src/core/failure.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { refused } from "../../../src/core/verdict.ts";
import { answerCall } from "../../../src/hook/hook.ts";
import { EXTERNAL_FACTOR } from "../../../src/login/first_factor.ts";
import type { ScriptEnvironment } from "../../../src/openvpn/script/environment.ts";
import { Vault } from "../../../src/secrets/vault.ts";
import { readEachSetting } from "../../../src/settings.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { holds } from "../../lab/fuzz.ts";
import { fakeFactor } from "../../lab/login_parts.ts";
import { hostileLogin } from "../../lab/hostile_call.ts";
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

async function play(): Promise<void> {
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
  const trial = new HostileTrial(target);
  await holds(
    fc.asyncProperty(hostileLogin, async (login) => {
      // This is long enough for every lock and wait to end.
      now += 3 * HOUR;
      await trial.play(login);
      const rows = await Array.fromAsync(enrolments.decisions({ since: now }));
      for (const row of rows.flat()) {
        const { loginName, ...others } = row;
        const text = JSON.stringify(others);
        assert(!text.includes(PASSWORD) && !text.includes(SECRET), text);
        assert(loginName !== PASSWORD);
      }
    }),
    1000,
  );
}
