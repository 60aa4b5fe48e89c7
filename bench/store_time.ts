import { Secret, TOTP } from "otpauth";
import type { Attempt } from "../src/core/challenge.ts";
import { EXTERNAL_FACTOR, type FirstFactor, turnAtOnce } from "../src/login/first_factor.ts";
import { LoginService } from "../src/login/login_service.ts";
import { readSettings } from "../src/settings.ts";
import type { Logins } from "../src/store/store.ts";
import { Redacted } from "../src/text/redacted.ts";
import { given } from "../tests/lab/secrets.ts";
import { SECRET } from "./enrolled_users.ts";

/** Between two logins nobody waits for earlier failures, and each code is a new one. */
const BETWEEN_MS = 3_600_000;

const TOTP_OF_ALL = new TOTP({ secret: new Secret({ buffer: SECRET.buffer }) });

/** A password that the first factor refuses. */
const WRONG = "wrong";

/** Logins on one open database, as the service has it, with a first factor that costs nothing. */
export class TimedLogins implements Disposable {
  readonly #logins: Logins;
  readonly #service: LoginService;
  #now = Date.now();
  #attempts = 0;
  /** Others may have logged in on the same database. */
  readonly #run = `/attempt/${crypto.randomUUID()}`;

  /**
   * @param logins is closed with this
   * @param settings those that are not the usual ones
   */
  constructor(logins: Logins, settings: Readonly<Record<string, string>> = {}) {
    this.#logins = logins;
    this.#service = new LoginService({
      store: logins.logins,
      firstFactor: FIRST_FACTOR,
      secrets: {
        open: () => Promise.resolve(new Redacted(SECRET)),
        markOfPassword: () => Promise.resolve(null),
      },
      rules: readSettings((name) => settings[name]),
      now: () => this.#now,
      sessionBegins: { before: 0, after: 25_000 },
      newStateId: () => "",
      rest() {},
    });
  }

  /** Times both steps of a login, in milliseconds. */
  async right(username: string): Promise<number> {
    const attempt = this.#newAttempt(username);
    const start = performance.now();
    expect(await this.#password(attempt, "right"), "challenged");
    const code = given(TOTP_OF_ALL.generate({ timestamp: this.#now }));
    expect(await this.#service.answer(attempt, { code, isNewConnection: false }), "accepted");
    return performance.now() - start;
  }

  /** Times a login with a wrong password, in milliseconds. */
  async wrong(username: string): Promise<number> {
    const attempt = this.#newAttempt(username);
    const start = performance.now();
    expect(await this.#password(attempt, WRONG), "refused");
    return performance.now() - start;
  }

  /** Times the right password of somebody who is not enrolled, in milliseconds. */
  async unenrolled(): Promise<number> {
    const attempt = this.#newAttempt("nobody-enrolled");
    const start = performance.now();
    expect(await this.#password(attempt, "right"), "refused");
    return performance.now() - start;
  }

  [Symbol.dispose](): void {
    this.#logins[Symbol.dispose]();
  }

  #newAttempt(loginName: string): Attempt {
    this.#now += BETWEEN_MS;
    const id = `${this.#run}/${++this.#attempts}`;
    return { id, loginName, commonName: "client", address: `10.0.0.${this.#attempts % 200}` };
  }

  #password(attempt: Attempt, password: string) {
    const client = { knowsCrtext: true, hasSessionTokens: true, connectedFrom: null };
    return this.#service.password({ ...attempt, client }, {
      form: "plain",
      password: new Redacted(new TextEncoder().encode(password)),
    });
  }
}

const FIRST_FACTOR: FirstFactor = {
  ...EXTERNAL_FACTOR,
  provesPassword: true,
  turn: () =>
    Promise.resolve(turnAtOnce(({ loginName }, password) => {
      const isWrong = new TextDecoder().decode(password.reveal()) === WRONG;
      return Promise.resolve(
        isWrong
          ? { outcome: "refused", reason: "wrong_password" }
          : { outcome: "passed", username: loginName },
      );
    })),
};

function expect({ outcome }: { outcome: string }, wanted: string): void {
  if (outcome !== wanted) throw new Error(`a login was ${outcome}, not ${wanted}`);
}
