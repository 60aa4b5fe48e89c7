import { filePathOf } from "../../src/core/database_place.ts";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Secret } from "otpauth";
import type { Attempt } from "../../src/core/challenge.ts";
import { refused } from "../../src/core/verdict.ts";
import type { FirstFactor, FirstFactorResult } from "../../src/login/first_factor.ts";
import { CurrentLogin } from "../../src/serve/current_login.ts";
import { LoginDesk } from "../../src/serve/login_desk.ts";
import { readSettings, type Settings } from "../../src/settings.ts";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../src/store/sqlite/enrolment_store.ts";
import { DeskServer } from "./desk_server.ts";
import { enrolMany } from "./enrol_many.ts";
import { fakeFactor } from "./login_parts.ts";
import type { Word } from "./openvpn_keys.ts";

/** The users, each with a secret of their own; the last one needs no code. */
export const CROWD = ["alice", "bob", "carol", "erin"] as const;

/** Who needs no code. */
export const EXEMPT = "erin";

/** The password of every user. */
export const CROWD_PASSWORD = "correct horse";

/** The secret of the nth user, in base32. */
export function crowdSecret(nth: number): string {
  const bytes = new Uint8Array(20).fill(nth + 1);
  return new Secret({ buffer: bytes.buffer }).base32;
}

/** A service in this process whose decisions go on when a test says so, in whatever order. */
export class DeskCrowd implements Disposable {
  now = 1_700_000_000_000;
  readonly servers: readonly DeskServer[];
  /** Passwords that are being looked at. */
  readonly gates: (() => void)[] = [];
  /** Whether passwords are looked at without a wait. */
  isOpen = false;
  /** How many clients were let in. */
  letIn = 0;
  /** What was wrong at a moment when nobody could be told. */
  readonly wrongs: string[] = [];
  readonly #settings: Settings;
  readonly #books: DatabaseSync;
  readonly #maxLogins: number;
  readonly #desks: LoginDesk[] = [];
  #current: CurrentLogin | null = null;

  private constructor(
    settings: Settings,
    maxLogins: number,
    told: (server: DeskServer, key: string, word: Word) => void,
  ) {
    this.#settings = settings;
    this.#maxLogins = maxLogins;
    this.#books = new DatabaseSync(filePathOf(settings.database)!, { readOnly: true });
    this.servers = [0, 1].map((n) =>
      new DeskServer(`/run/${n}.sock`, (key, word) => {
        this.#count(word);
        told(this.servers[n]!, key, word);
      })
    );
    this.restart();
  }

  /**
   * Enrols the users, and starts a service.
   *
   * @param told is called with each word on a client's key
   */
  static async start(
    directory: { path: string; db: string },
    maxLogins: number,
    told: (server: DeskServer, key: string, word: Word) => void,
  ): Promise<DeskCrowd> {
    const keyFile = `${directory.path}/key`;
    await enrolCrowd(directory.db, keyFile);
    const settings = {
      ...readSettings(() => undefined),
      challengeMethods: ["crtext", "static", "dynamic"] as const,
      driftSteps: 3,
      lockout: { maxFailures: 100, lockoutSeconds: 60 },
      throttle: { freeFailures: 100, maxWaitSeconds: 1 },
      database: { engine: "sqlite" as const, path: directory.db },
      keyFile,
    };
    return new DeskCrowd(settings, maxLogins, told);
  }

  [Symbol.dispose](): void {
    for (const server of this.servers) server.disconnect();
    this.#current?.close();
    this.#books.close();
  }

  /** A new service; what the one before was deciding about goes on, unheard. */
  restart(): void {
    this.#current?.close();
    this.#current = new CurrentLogin(
      { settings: this.#settings, firstFactor: this.#factor() },
      () => this.now,
    );
    const desk = new LoginDesk({
      current: this.#current,
      log: { write() {} },
      meter: { decided() {}, loginTook() {}, turnedAway() {} },
      maxLogins: this.#maxLogins,
    });
    this.#desks.push(desk);
    for (const server of this.servers) this.reconnect(server);
  }

  /** The connection between the present service and a server is made anew. */
  reconnect(server: DeskServer): void {
    const desk = this.#desks.at(-1)!;
    server.connect((server, event) => desk.take(server, event));
  }

  /** Lets what can go on without anybody go on for some turns. */
  async rest(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Lets everything go on to its end. */
  async finish(): Promise<void> {
    this.isOpen = true;
    for (const goOn of this.gates.splice(0)) goOn();
    while (this.#desks.some(({ inFlight }) => inFlight > 0)) await this.rest(1);
    assert.deepEqual(this.wrongs, []);
    for (const { keys } of this.servers) assert.deepEqual(keys.mistakes, []);
  }

  /** How many logins are in the audit trail as accepted. */
  get accepted(): number {
    const { rows } = this.#books.prepare(
      "SELECT count(*) AS rows FROM decisions WHERE outcome = 'accepted'",
    ).get() as { rows: number };
    return rows;
  }

  #count([name]: Word): void {
    if (name !== "client-auth-nt") return;
    this.letIn++;
    if (this.accepted < this.letIn) this.wrongs.push("let in, and not in the audit trail before");
  }

  #factor(): FirstFactor {
    const passed = ({ loginName }: Pick<Attempt, "loginName">): FirstFactorResult => ({
      outcome: "passed",
      username: loginName,
    });
    const authenticate = async (attempt: Attempt, password: string) => {
      const gate = Promise.withResolvers<void>();
      if (!this.isOpen) {
        this.gates.push(gate.resolve);
        await gate.promise;
      }
      return password === CROWD_PASSWORD ? passed(attempt) : refused("wrong_password");
    };
    return fakeFactor(authenticate, passed, (username) => username);
  }
}

async function enrolCrowd(path: string, keyFile: string): Promise<void> {
  const users = CROWD.map((username, nth) => ({ username, secret: crowdSecret(nth) }));
  await enrolMany(path, keyFile, users);
  using database = await openDatabase(path, { create: false, busyTimeoutMs: 0 });
  await new SqliteEnrolmentStore(database)
    .exempt({ username: EXEMPT, since: 0, until: null, from: null });
}
