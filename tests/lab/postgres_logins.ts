import { Failure } from "../../src/core/failure.ts";
import { postgresPlace } from "../../src/core/postgres_url.ts";
import type { PasswordForm } from "../../src/core/password_form.ts";
import { hmacKey, hotp, timeStepAt } from "../../src/core/totp.ts";
import { type CodeVerdict, type PasswordVerdict, refused } from "../../src/core/verdict.ts";
import { LoginService } from "../../src/login/login_service.ts";
import { openSecret } from "../../src/secrets/sealed_secret.ts";
import { openServerLogins } from "../../src/store/open_server_logins.ts";
import { openLogins, openStore } from "../../src/store/open_store.ts";
import type { Logins } from "../../src/store/store.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { fakeFactor, TEST_RULES } from "./login_parts.ts";
import { ANY_KEYS, given, sealedEnrolment, TEST_KEY } from "./secrets.ts";

/** The moment of all logins, unless a test says otherwise. */
export const LOGIN_AT = 1_700_000_000_000;

/** The user that {@link enrolAlice} enrols, and what is right for her. */
const ALICE = { username: "alice", password: "right" };

const SECRET = new Redacted(new Uint8Array(20).fill(7));

/** What a step of a login ended with. */
export type Ending = PasswordVerdict | CodeVerdict | Failure;

/** Enrols alice a minute before the logins. */
export async function enrolAlice(url: string): Promise<void> {
  await using store = await openStore(optionsFor(url, 60_000));
  const enrolment = await sealedEnrolment(ALICE.username, SECRET.reveal(), LOGIN_AT - 60_000);
  await store.enrolments.enrol([enrolment], { mayReplace: () => true, ...ANY_KEYS });
}

/** Alice's logins on a database of PostgreSQL's. */
export class AlicesLogins implements Disposable {
  now = LOGIN_AT;
  readonly #logins: Logins;
  readonly #service: LoginService;

  private constructor(readonly url: string, logins: Logins) {
    this.#logins = logins;
    this.#service = new LoginService({
      store: logins.logins,
      firstFactor: fakeFactor(
        ({ loginName }, password) =>
          password === ALICE.password
            ? { outcome: "passed", username: loginName }
            : refused("wrong_password"),
        ({ loginName }) => ({ outcome: "passed", username: loginName }),
      ),
      secrets: {
        open: async ({ secret, username }) => (await openSecret(secret, username, TEST_KEY))!,
        markOfPassword: (_, password) => Promise.resolve(`mark of ${password.reveal().length}`),
      },
      rules: TEST_RULES,
      now: () => this.now,
      sessionBegins: { before: 0, after: 25_000 },
      newStateId: () => "state",
      rest() {},
    });
  }

  /**
   * Opens the store as the service does, or as a hook call does.
   *
   * @param timeoutMs how long the server may take
   */
  static async open(
    url: string,
    { timeoutMs = 1000, isForOneLogin = false, connections = 1 } = {},
  ): Promise<AlicesLogins> {
    const options = { ...optionsFor(url, timeoutMs), connections };
    return new AlicesLogins(
      url,
      isForOneLogin ? await openServerLogins(options.database) : await openLogins(options),
    );
  }

  /** A password, by a client that can be asked for a code at once, or only by a new connection. */
  password(id: string, password = ALICE.password, knowsCrtext = true): Promise<Ending> {
    const bytes = new TextEncoder().encode(password);
    return this.#send(id, { form: "plain", password: new Redacted(bytes) }, knowsCrtext);
  }

  /** An answer to the challenge of an attempt. */
  async code(id: string, code?: string): Promise<Ending> {
    const answer = { code: given(code ?? await this.rightCode()), isNewConnection: false };
    return await ending(this.#service.answer(attemptOf(id), answer));
  }

  /** An answer to the dynamic challenge, on a new connection. */
  async dynamic(id: string, code?: string): Promise<Ending> {
    const answer = given(code ?? await this.rightCode());
    return await this.#send(id, { form: "dynamic", stateId: "state", code: answer }, false);
  }

  /** A session token that OpenVPN has verified. */
  token(id: string): Promise<Ending> {
    return this.#send(id, { form: "token", token: { loginAt: this.now - 30_000 } }, true);
  }

  /** Alice's code at the present moment. */
  async rightCode(): Promise<string> {
    return await hotp(await hmacKey(SECRET), timeStepAt(this.now), 6);
  }

  /** A code that is not alice's at the present moment or near it. */
  async wrongCode(): Promise<string> {
    const key = await hmacKey(SECRET);
    const near = await Promise.all([-1, 0, 1].map((n) => hotp(key, timeStepAt(this.now) + n, 6)));
    return ["000000", "111111", "222222", "333333"].find((code) => !near.includes(code))!;
  }

  [Symbol.dispose](): void {
    this.#logins[Symbol.dispose]();
  }

  #send(id: string, form: PasswordForm, knowsCrtext: boolean): Promise<Ending> {
    const client = { knowsCrtext, hasSessionTokens: true, connectedFrom: null };
    return ending(this.#service.password({ ...attemptOf(id), client }, form));
  }
}

function attemptOf(id: string) {
  return { id, loginName: ALICE.username, commonName: null, address: "192.0.2.1" };
}

function optionsFor(url: string, timeoutMs: number) {
  const database = postgresPlace(url, timeoutMs);
  if (database === undefined) throw new Error(`no URL of a database: ${url}`);
  return { database, create: false, busyTimeoutMs: timeoutMs };
}

async function ending(step: Promise<PasswordVerdict | CodeVerdict>): Promise<Ending> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** An ending in few words: an outcome with what it rests on, or a failure's code. */
export function inShort(end: Ending): string {
  if (end instanceof Failure) return end.code;
  const reason = "by" in end ? end.by : end.reason;
  return `${end.outcome} ${reason}`;
}
