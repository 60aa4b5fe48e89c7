import assert from "node:assert/strict";
import { type PasswordVerdict, refused } from "../../../src/core/verdict.ts";
import { turnAtOnce } from "../../../src/login/first_factor.ts";
import { passwordStep } from "../../../src/login/password_step.ts";
import { Connection } from "../../../src/store/sqlite/connection.ts";
import { Database } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import { migrate } from "../../../src/store/sqlite/migrations.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { TEST_RULES } from "../../lab/login_parts.ts";
import { ANY_KEYS, newEnrolment } from "../../lab/secrets.ts";

Deno.test("simultaneous right passwords of one user take back no failures of others", async () => {
  const connection = new Connection(":memory:", { enableForeignKeyConstraints: true });
  migrate(connection, ":memory:");
  using database = new Database(":memory:", connection);
  const sealed = { keyId: "test", bytes: new Uint8Array(48) };
  await new SqliteEnrolmentStore(database).enrol([newEnrolment("mallory", sealed)], {
    mayReplace: () => false,
    ...ANY_KEYS,
  });
  const store = new SqliteLoginStore(database);
  let number = 0;
  let now = 1_800_000_000_000;
  let gate: Promise<void> = Promise.resolve();
  const logIn = (loginName: string, password: string): Promise<PasswordVerdict> =>
    passwordStep({
      attempt: { id: `${number++}`, loginName, commonName: null, address: "192.0.2.1" },
      connectedFrom: null,
      password: new Redacted(new TextEncoder().encode(password)),
      method: "crtext",
      code: null,
      notice: null,
    }, {
      store,
      firstFactor: {
        provesPassword: true,
        turn: () =>
          Promise.resolve(turnAtOnce(async ({ loginName: username }, given) => {
            await gate;
            return new TextDecoder().decode(given.reveal()) === "right"
              ? { outcome: "passed", username }
              : refused("wrong_password");
          })),
        checkAccount: () => Promise.resolve(refused("account_refused")),
        accountName: () => Promise.resolve(null),
      },
      secrets: {
        open: () => Promise.reject(new Error("no code comes along")),
        markOfPassword: (name, given) => Promise.resolve(`${name} ${given.reveal()}`),
      },
      rules: TEST_RULES,
      now: () => now,
      sessionBegins: { before: 0, after: 25_000 },
      newStateId: () => "state",
      rest() {},
    });
  const levelOf = () =>
    connection.prepare("SELECT level FROM place_failures WHERE place = 'network 192.0.2.1'").get()
      ?.level as number ?? 0;
  let guesses = 0;
  for (let round = 0; round < 100; round++) {
    // Three servers of one machine, or calls of one that answers later: PAM is asked at the same time.
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const mine = [1, 2, 3].map(() => logIn("mallory", "right"));
    await new Promise((resolve) => setTimeout(resolve, 1));
    opened.resolve();
    await Promise.all(mine);
    gate = Promise.resolve();
    for (const n of [1, 2]) {
      const verdict = await logIn(`user${round}-${n}`, `guess ${round}`);
      if (verdict.outcome === "refused" && verdict.reason === "wrong_password") guesses++;
    }
    now += 1000;
  }
  // Free are 15 for an address; then waits double: 9 of them in 100 seconds are already generous.
  assert(guesses <= 30, `${guesses} guesses at others in 100 s, level ${levelOf()}`);
});
