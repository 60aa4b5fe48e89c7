/**
 * One process of bench/journal.ts: logs users in, one after the other, with the program's own store
 * and steps, and prints the milliseconds of each login as JSON, with how many a lock refused.
 *
 * Arguments: database, journal mode, synchronous, first user, how many.
 *
 * @module
 */
import { Secret, TOTP } from "otpauth";
import { Failure } from "../src/core/failure.ts";
import { Redacted } from "../src/text/redacted.ts";
import { given } from "../tests/lab/secrets.ts";
import { Audit } from "../src/login/audit.ts";
import { codeStep } from "../src/login/code_step.ts";
import { passwordStep } from "../src/login/password_step.ts";
import { PlaceThrottle } from "../src/login/place_throttle.ts";
import { openDatabase } from "../src/store/sqlite/database.ts";
import { SqliteLoginStore } from "../src/store/sqlite/login_store.ts";

const [db, mode, synchronous, first, count] = Deno.args as [
  ...[string, string, string, string, string],
];
const secret = new Redacted(new Uint8Array(20).fill(7));
const audit = { maxRows: 100_000, maxDays: 90 };
const throttle = { freeFailures: 3, maxWaitSeconds: 300 };

/** As the program opens it, in another mode. */
async function open() {
  const database = await openDatabase(db, {
    create: false,
    busyTimeoutMs: 2000,
  });
  await database.read((connection) => {
    connection.prepare(`PRAGMA journal_mode = ${mode}`).get();
    connection.prepare(`PRAGMA synchronous = ${synchronous}`).run();
  });
  return database;
}

/** The password step's two transactions, as OpenVPN's first call makes them. */
async function password(attempt: ReturnType<typeof attemptOf>): Promise<void> {
  using database = await open();
  const { outcome } = await passwordStep({
    attempt,
    password: new Redacted(new Uint8Array(8).fill(1)),
    method: "crtext",
    code: null,
    token: null,
  }, {
    ...check,
    primary: {
      authenticate: (username) => Promise.resolve({ outcome: "passed", username }),
      checkAccount: (username) => Promise.resolve({ outcome: "passed", username }),
    },
    store: new SqliteLoginStore(database),
    audit: new Audit("password", attempt, audit),
    throttle: new PlaceThrottle(throttle, attempt),
    challengeTimeoutSeconds: 300,
    newStateId: () => "",
    admitsUnenrolled: false,
    notice: null,
  });
  if (outcome !== "challenged") throw new Error(outcome);
}

const check = {
  openSecret: () => Promise.resolve(secret),
  now: Date.now,
  driftSteps: 1,
  lockout: { maxFailures: 5, lockoutSeconds: 60 },
};

/** The code step's one, which OpenVPN's second call makes: the file is opened anew. */
async function code(
  attempt: ReturnType<typeof attemptOf>,
  text: string,
): Promise<void> {
  using database = await open();
  const request = { attempt, code: given(text), isNewConnection: false };
  const { outcome } = await codeStep(request, {
    ...check,
    store: new SqliteLoginStore(database),
    audit: new Audit("code", attempt, audit),
    binding: { address: true },
    unproven: null,
  });
  if (outcome !== "accepted") throw new Error(outcome);
}

function attemptOf(n: number) {
  return {
    id: `/attempt/${n}`,
    loginName: `user${n}`,
    commonName: "client",
    address: `10.0.${n >> 8}.${n & 255}`,
  };
}

const text = new TOTP({
  secret: new Secret({ buffer: secret.reveal().buffer }),
})
  .generate();
const times: { password: number; code: number }[] = [];
let locked = 0;
for (let n = Number(first); n < Number(first) + Number(count); n++) {
  const attempt = attemptOf(n);
  try {
    const start = performance.now();
    await password(attempt);
    const middle = performance.now();
    await code(attempt, text);
    times.push({
      password: middle - start,
      code: performance.now() - middle,
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "database_locked") {
      throw error;
    }
    locked++;
  }
}
Deno.stdout.writeSync(
  new TextEncoder().encode(JSON.stringify({ times, locked })),
);
