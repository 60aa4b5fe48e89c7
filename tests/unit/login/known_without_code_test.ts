import assert from "node:assert/strict";
import { refused } from "../../../src/core/verdict.ts";
import type { LoginRules } from "../../../src/core/login_rules.ts";
import { LoginService } from "../../../src/login/login_service.ts";
import { Connection } from "../../../src/store/sqlite/connection.ts";
import { Database } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import { migrate } from "../../../src/store/sqlite/migrations.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { fakeFactor, TEST_RULES } from "../../lab/login_parts.ts";
import { ANY_KEYS, given, newEnrolment } from "../../lab/secrets.ts";

const NETWORKS = 40;

/**
 * How many wrong codes are looked at of somebody who has alice's password and many networks, and has
 * logged in from each while no code was needed.
 */
async function wrongCodes(
  rules: Partial<LoginRules>,
  begin: (enrolments: SqliteEnrolmentStore) => Promise<void>,
  end: (enrolments: SqliteEnrolmentStore) => Promise<void>,
): Promise<number> {
  const connection = new Connection(":memory:", { enableForeignKeyConstraints: true });
  migrate(connection, ":memory:");
  using database = new Database(":memory:", connection);
  const enrolments = new SqliteEnrolmentStore(database);
  let attempts = 0;
  const service = new LoginService({
    store: new SqliteLoginStore(database),
    firstFactor: fakeFactor(({ loginName }, password) =>
      password === "right" ? { outcome: "passed", username: loginName } : refused("wrong_password")
    ),
    secrets: {
      open: () => Promise.resolve(new Redacted(new Uint8Array(20).fill(7))),
      markOfPassword: () => Promise.resolve(null),
    },
    rules: { ...TEST_RULES, ...rules },
    now: () => 1_800_000_000_000,
    sessionBegins: { before: 0, after: 25_000 },
    newStateId: () => "state",
    rest() {},
  });
  const logIn = async (network: number, code: number) => {
    const address = `10.${network}.0.1`;
    const attempt = { id: `${attempts++}`, loginName: "alice", commonName: null, address };
    const client = { knowsCrtext: true, hasSessionTokens: true, connectedFrom: null };
    const password = new Redacted(new TextEncoder().encode("right"));
    const verdict = await service.password({ ...attempt, client }, { form: "plain", password });
    if (verdict.outcome !== "challenged") return verdict;
    const text = String(code).padStart(6, "0");
    return await service.answer(attempt, { code: given(text), isNewConnection: false });
  };
  await begin(enrolments);
  for (let i = 0; i < NETWORKS; i++) assert.equal((await logIn(i, 0)).outcome, "accepted");
  await end(enrolments);
  let looked = 0;
  for (let i = 0; i < NETWORKS * 3; i++) {
    const verdict = await logIn(i % NETWORKS, i);
    assert.equal(verdict.outcome, "refused");
    if (verdict.outcome === "refused" && verdict.told !== undefined) {
      if (
        !verdict.told.startsWith("Too many wrong TOTP codes") || verdict.reason === "wrong_code"
      ) {
        looked++;
      }
    }
  }
  return looked;
}

async function enrol(enrolments: SqliteEnrolmentStore): Promise<void> {
  const sealed = { keyId: "test", bytes: new Uint8Array(48) };
  await enrolments.enrol([newEnrolment("alice", sealed)], { mayReplace: () => false, ...ANY_KEYS });
}

Deno.test("logins from before the enrolment give no guesses at codes of their own", async () => {
  const looked = await wrongCodes({ unenrolled: "allow" }, () => Promise.resolve(), enrol);
  assert(looked <= TEST_RULES.lockout.maxFailures, `${looked} codes were looked at`);
});

Deno.test("logins by an exemption give no guesses at codes of their own", async () => {
  const exemption = { username: "alice", since: 0, until: null, from: null };
  const looked = await wrongCodes({}, async (enrolments) => {
    await enrol(enrolments);
    await enrolments.exempt(exemption);
  }, async (enrolments) => {
    await enrolments.endExemption("alice");
  });
  assert(looked <= TEST_RULES.lockout.maxFailures, `${looked} codes were looked at`);
});

Deno.test("logins by an exemption from before the enrolment give no guesses either", async () => {
  const exemption = { username: "alice", since: 0, until: null, from: null };
  const looked = await wrongCodes(
    {},
    (enrolments) => enrolments.exempt(exemption),
    async (enrolments) => {
      await enrolments.endExemption("alice");
      await enrol(enrolments);
    },
  );
  assert(looked <= TEST_RULES.lockout.maxFailures, `${looked} codes were looked at`);
});
