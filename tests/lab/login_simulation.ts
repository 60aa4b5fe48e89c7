import { hmacKey, hotp, timeStepAt } from "../../src/core/totp.ts";
import { type CodeVerdict, type PasswordVerdict, refused } from "../../src/core/verdict.ts";
import { EXTERNAL_FACTOR } from "../../src/login/first_factor.ts";
import { LoginService } from "../../src/login/login_service.ts";
import { readSettings } from "../../src/settings.ts";
import { Connection } from "../../src/store/sqlite/connection.ts";
import { Database } from "../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../src/store/sqlite/login_store.ts";
import { migrate } from "../../src/store/sqlite/migrations.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { fakeFactor } from "./login_parts.ts";
import { ANY_KEYS, given, newEnrolment } from "./secrets.ts";

const SECRET = new Redacted(new Uint8Array(20).fill(7));

/** What a simulated login is made with. */
export interface SimulatedLogin {
  user: string;
  address: string;
  password: string;
  /** Where the client's connection was let in from, if this is a renegotiation. */
  connectedFrom?: string;
}

/** A simulated login's end, and when the client may come back. */
export interface SimulatedEnd {
  verdict: PasswordVerdict | CodeVerdict;
  /** What the client is told to wait, in seconds; 0 for no wait. */
  waitSeconds: number;
}

/**
 * The real login service on a real store in memory, with a clock that jumps from one event to the
 * next. All users have the password `right`.
 */
export class LoginSimulation implements Disposable {
  now = 1_800_000_000_000;
  readonly #database: Database;
  readonly #service: LoginService;
  readonly #isExternal: boolean;
  readonly #events: { at: number; happen: () => Promise<void> }[] = [];
  #attempts = 0;

  private constructor(database: Database, isExternal: boolean) {
    this.#database = database;
    this.#isExternal = isExternal;
    const factor = fakeFactor(({ loginName }, password) =>
      password === "right" ? { outcome: "passed", username: loginName } : refused("wrong_password")
    );
    this.#service = new LoginService({
      store: new SqliteLoginStore(database),
      firstFactor: isExternal ? EXTERNAL_FACTOR : factor,
      secrets: {
        open: () => Promise.resolve(SECRET),
        markOfPassword: (name, password) => Promise.resolve(`${name} ${password.reveal()}`),
      },
      rules: readSettings(() => undefined),
      now: () => this.now,
      sessionBegins: { before: 0, after: 25_000 },
      newStateId: () => "state",
      rest() {},
    });
  }

  /** @param users are enrolled */
  static async start(users: readonly string[], isExternal = false): Promise<LoginSimulation> {
    const connection = new Connection(":memory:", { enableForeignKeyConstraints: true });
    migrate(connection, ":memory:");
    const database = new Database(":memory:", connection);
    const sealed = { keyId: "test", bytes: new Uint8Array(48) };
    await new SqliteEnrolmentStore(database).enrol(
      users.map((user) => newEnrolment(user, sealed)),
      { mayReplace: () => false, ...ANY_KEYS },
    );
    return new LoginSimulation(database, isExternal);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** Lets something happen later. */
  after(seconds: number, happen: () => Promise<void>): void {
    this.#events.push({ at: this.now + seconds * 1000, happen });
    this.#events.sort((a, b) => b.at - a.at);
  }

  /** Lets time pass, with all that happens in it. */
  async run(seconds: number): Promise<void> {
    const end = this.now + seconds * 1000;
    for (;;) {
      const event = this.#events.at(-1);
      if (event === undefined || event.at > end) break;
      this.#events.pop();
      this.now = event.at;
      await event.happen();
    }
    this.now = end;
  }

  /**
   * A whole login: the password, then the right code where a client gets to it. Where another factor
   * decides about passwords, a wrong one ends the login before the code.
   */
  async login({ user, address, password, connectedFrom }: SimulatedLogin): Promise<SimulatedEnd> {
    const attempt = { id: `${this.#attempts++}`, loginName: user, commonName: null, address };
    const client = {
      knowsCrtext: true,
      hasSessionTokens: true,
      connectedFrom: connectedFrom ?? null,
    };
    const bytes = new Redacted(new TextEncoder().encode(password));
    let verdict = await this.#service.password({ ...attempt, client }, {
      form: "plain",
      password: bytes,
    });
    if (verdict.outcome === "challenged" && (password === "right" || !this.#isExternal)) {
      const code = given(await hotp(await hmacKey(SECRET), timeStepAt(this.now)));
      verdict = await this.#service.answer(attempt, { code, isNewConnection: false });
    }
    return { verdict, waitSeconds: waitIn(verdict) };
  }
}

function waitIn(verdict: PasswordVerdict | CodeVerdict): number {
  if (verdict.outcome !== "refused") return 0;
  return Number(verdict.told?.match(/^TEMP\[backoff (\d+)/)?.[1] ?? 0);
}
