import assert from "node:assert/strict";
import { EXTERNAL_FACTOR } from "../../../src/login/first_factor.ts";
import { LoginService } from "../../../src/login/login_service.ts";
import { Connection } from "../../../src/store/sqlite/connection.ts";
import { Database } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import { migrate } from "../../../src/store/sqlite/migrations.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { TEST_RULES } from "../../lab/login_parts.ts";
import { ANY_KEYS, given, newEnrolment } from "../../lab/secrets.ts";

const SECRET = new Redacted(new Uint8Array(20).fill(7));

/** A server with another factor for passwords, on which alice is enrolled. */
class External implements Disposable {
  now = 1_800_000_000_000;
  readonly connection = new Connection(":memory:", { enableForeignKeyConstraints: true });
  readonly #service: LoginService;
  #attempts = 0;

  constructor() {
    migrate(this.connection, ":memory:");
    this.#service = new LoginService({
      store: new SqliteLoginStore(this.#database),
      firstFactor: EXTERNAL_FACTOR,
      secrets: {
        open: () => Promise.resolve(SECRET),
        markOfPassword: (name, password) => Promise.resolve(`${name} ${password.reveal()}`),
      },
      rules: { ...TEST_RULES, lockout: { maxFailures: 5, lockoutSeconds: 60 } },
      now: () => this.now,
      sessionBegins: { before: 0, after: 25_000 },
      newStateId: () => "state",
      rest() {},
    });
  }

  readonly #database = new Database(":memory:", this.connection);

  [Symbol.dispose](): void {
    this.#database.close();
  }

  async enrol(user: string): Promise<void> {
    await new SqliteEnrolmentStore(this.#database).enrol(
      [newEnrolment(user, { keyId: "test", bytes: new Uint8Array(48) })],
      { mayReplace: () => false, ...ANY_KEYS },
    );
  }

  async open(loginName: string, password: string, address = "192.0.2.1") {
    const attempt = { id: `${this.#attempts++}`, loginName, commonName: null, address };
    const client = { knowsCrtext: true, hasSessionTokens: true, connectedFrom: null };
    const bytes = new Redacted(new TextEncoder().encode(password));
    const form = { form: "plain", password: bytes } as const;
    const verdict = await this.#service.password({ ...attempt, client }, form);
    return {
      verdict,
      answer: (code: string) =>
        this.#service.answer(attempt, { code: given(code), isNewConnection: false }),
    };
  }

  count(table: string): number {
    return this.connection.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n as number;
  }
}

Deno.test("whoever has the password guesses no more codes by opening challenges in advance", async () => {
  for (const user of ["alice", "nobody"]) {
    using server = new External();
    await server.enrol("alice");
    const attempts = [];
    for (let i = 0; i < 200; i++) attempts.push(await server.open(user, "the right one"));
    let judged = 0;
    for (const [i, { verdict, answer }] of attempts.entries()) {
      if (verdict.outcome !== "challenged") continue;
      server.now += 100;
      const said = await answer(String(i).padStart(6, "0"));
      assert.equal(said.outcome, "refused");
      if (said.outcome === "refused" && said.reason !== "too_many_failures") judged++;
    }
    assert(judged < 15, `${judged} codes of ${user} were looked at within ${200 * 0.1} seconds`);
  }
});

Deno.test("a clock that was ahead for a while keeps nobody out who did not answer meanwhile", async () => {
  using server = new External();
  await server.enrol("alice");
  const day = 24 * 3600 * 1000;
  server.now += day;
  for (const password of ["one", "another", "a third"]) await server.open("alice", password);
  server.now -= day;
  // What was open counts as failures at the latest now: the longest wait is five minutes.
  for (let i = 0; i < 10; i++) {
    const { verdict } = await server.open("alice", "the right one");
    if (verdict.outcome === "challenged") return;
    server.now += 60_000;
  }
  const { verdict } = await server.open("alice", "the right one");
  assert.equal(verdict.outcome, "challenged", JSON.stringify(verdict));
});

Deno.test("the same password again and again leaves no rows behind that count for nothing", async () => {
  using server = new External();
  await server.enrol("alice");
  for (let i = 0; i < 1000; i++) {
    await server.open("alice", "the right one");
    server.now += 10_000;
  }
  // Each is open for five minutes.
  assert(server.count("open_attempts") < 150, `${server.count("open_attempts")} rows`);
});
