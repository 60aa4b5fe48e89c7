/**
 * One process of bench/journal.ts. It logs users in one after the other with the program's own
 * store and steps. It prints the milliseconds of each login and the number of logins that a lock
 * refused, as JSON.
 *
 * Arguments: database, journal mode, synchronous, first user, number of users.
 *
 * @module
 */
import { Secret, TOTP } from "otpauth";
import { Failure } from "../src/core/failure.ts";
import { Redacted } from "../src/text/redacted.ts";
import { given } from "../tests/lab/secrets.ts";
import type { Attempt } from "../src/core/challenge.ts";
import { EXTERNAL_FACTOR } from "../src/login/first_factor.ts";
import { LoginService } from "../src/login/login_service.ts";
import { readSettings } from "../src/settings.ts";
import { type Database, openDatabase } from "../src/store/sqlite/database.ts";
import { SqliteLoginStore } from "../src/store/sqlite/login_store.ts";

const [db = "", mode = "", synchronous = "", first, count] = Deno.args;
const secret = new Redacted(new Uint8Array(20).fill(7));

/** Opens the database as the program does, but in the given mode. */
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

/** The login service on a newly opened database, as each call opens it. */
function serviceOn(database: Database): LoginService {
  return new LoginService({
    store: new SqliteLoginStore(database),
    firstFactor: { ...EXTERNAL_FACTOR, provesPassword: true },
    secrets: {
      open: () => Promise.resolve(secret),
      markOfPassword: () => Promise.resolve(null),
    },
    rules: readSettings(() => undefined),
    now: Date.now,
    sessionBegins: { before: 0, after: 25_000 },
    newStateId: () => "",
    rest() {},
  });
}

/** Runs the password step's two transactions, as OpenVPN's first call does. */
async function password(attempt: Attempt): Promise<void> {
  using database = await open();
  const client = { knowsCrtext: true, hasSessionTokens: true, connectedFrom: null };
  const { outcome } = await serviceOn(database).password({ ...attempt, client }, {
    form: "plain",
    password: new Redacted(new Uint8Array(8).fill(1)),
  });
  if (outcome !== "challenged") throw new Error(outcome);
}

/** Runs the code step's transaction, as OpenVPN's second call does: the file is opened again. */
async function code(attempt: Attempt, text: string): Promise<void> {
  using database = await open();
  const answer = { code: given(text), isNewConnection: false };
  const { outcome } = await serviceOn(database).answer(attempt, answer);
  if (outcome !== "accepted") throw new Error(outcome);
}

function attemptOf(n: number): Attempt {
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
