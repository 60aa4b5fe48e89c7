import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "otpauth";
import { Failure } from "../../../src/core/failure.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { refused } from "../../../src/core/verdict.ts";
import { answerCall } from "../../../src/hook/hook.ts";
import type { PrimaryAuthentication } from "../../../src/login/primary_authentication.ts";
import { Vault } from "../../../src/secrets/vault.ts";
import type { ReadVariable } from "../../../src/settings.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { holds } from "../../lab/fuzz.ts";
import { hostileLogin } from "../../lab/hostile_call.ts";
import { HostileTrial, type MadeCall, type Target } from "../../lab/hostile_trial.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";
import { newEnrolment } from "../../lab/secrets.ts";

const USERNAME = "alice";
const PASSWORD = "correct horse battery staple";
const SECRET = "RUWKBBSFCFJAZNPVNCI5RBQQB2K7FJV2";
const HOUR = 3_600_000;

const primary: PrimaryAuthentication = {
  authenticate(username, password) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true })
      .decode(password.reveal());
    const isRight = username === USERNAME && text === PASSWORD;
    return Promise.resolve(
      isRight ? { outcome: "passed", username } : refused("wrong_password"),
    );
  },
  checkAccount: (username) => Promise.resolve({ outcome: "passed", username }),
};

/** As the process's own environment is read. */
function readerOf(variables: MadeCall["variables"]): ReadVariable {
  return (name) => {
    const value = variables.get(name);
    if (value === undefined || typeof value === "string") return value;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        .decode(value);
    } catch {
      throw new Failure("bad_call", `the variable ${name} is not valid UTF-8`);
    }
  };
}

/**
 * A call as main.ts makes it, with the clock and standard error of a test's own. The right to load
 * foreign code stays: this process has further calls to make.
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
    const read = readerOf(variables);
    const status = await answerCall(read("script_type")!, args, {
      read,
      openPrimary: ({ primaryAuth }) => primaryAuth === "pam" ? primary : null,
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
    "whatever is handed to the hook: a verdict, no secret told, and nobody in without password and code",
  // The C library, for credentials in variables, stays to the process's end.
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
    ...{ username: USERNAME, password: PASSWORD, secret: SECRET },
    ...{ db, keyFile, directory: path },
    now: () => now,
    call: (call) => callAt(now, call),
  };
  const trial = new HostileTrial(target);
  await holds(
    fc.asyncProperty(hostileLogin, async (login) => {
      // Long enough for every lock and wait to end.
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
