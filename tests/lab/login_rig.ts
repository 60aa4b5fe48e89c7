import { Secret } from "otpauth";
import type { Attempt } from "../../src/core/challenge.ts";
import { Failure } from "../../src/core/failure.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { markOfCode } from "../../src/core/totp.ts";
import type { Step } from "../../src/core/decision.ts";
import { type CodeVerdict, type PasswordVerdict, refused } from "../../src/core/verdict.ts";
import { Audit } from "../../src/login/audit.ts";
import { codeStep } from "../../src/login/code_step.ts";
import { attemptIdOfState } from "../../src/login/dynamic_challenge.ts";
import { passwordStep } from "../../src/login/password_step.ts";
import { PlaceThrottle } from "../../src/login/place_throttle.ts";
import type {
  PrimaryAuthentication,
  PrimaryResult,
} from "../../src/login/primary_authentication.ts";
import type { Enrolment } from "../../src/core/enrolment.ts";
import { given, newEnrolment } from "./secrets.ts";
import { Vault } from "../../src/secrets/vault.ts";
import type { Database } from "../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../src/store/sqlite/login_store.ts";
import { BLOCKED, pamNameOf, type Rules, type Sent } from "./login_rules.ts";

const PASSWORDS: Record<Sent["password"], string> = {
  ...{ right: "correct horse", wrong: "battery staple" },
  ...{ "PAM fails": "PAM fails", "has a NUL": "correct horse\0" },
};

/** PAM with one password for everybody. */
const primary: PrimaryAuthentication = {
  async authenticate(loginName, password) {
    await Promise.resolve();
    const text = new TextDecoder().decode(password.reveal());
    if (text === PASSWORDS["PAM fails"]) return refused("pam_error");
    if (text !== PASSWORDS.right) return refused("wrong_password");
    return accountOf(pamNameOf(loginName));
  },
  // Without authentication no module tells the name that it knows the user by.
  checkAccount: (loginName) => Promise.resolve(accountOf(loginName)),
};

function accountOf(username: string): PrimaryResult {
  return username === BLOCKED ? refused("account_refused") : { outcome: "passed", username };
}

/** The steps of a login as they are, on a real database and key file, with a clock of a test's own. */
export class LoginRig {
  now = 0;
  readonly enrolments: SqliteEnrolmentStore;
  readonly #store: SqliteLoginStore;
  readonly #keyFile: string;
  readonly #rules: Rules;

  constructor(database: Database, keyFile: string, rules: Rules) {
    this.enrolments = new SqliteEnrolmentStore(database);
    this.#store = new SqliteLoginStore(database);
    this.#keyFile = keyFile;
    this.#rules = rules;
  }

  password(attempt: Attempt, sent: Sent, stateId: string) {
    const bytes = new TextEncoder().encode(PASSWORDS[sent.password]);
    return this.#firstStep(attempt, bytes, sent, null, stateId);
  }

  token(attempt: Attempt, loginAt: number | null) {
    const sent = { method: null, code: null };
    return this.#firstStep(attempt, new Uint8Array(), sent, { loginAt }, "");
  }

  #firstStep(
    attempt: Attempt,
    password: Uint8Array<ArrayBuffer>,
    { method, code }: Pick<Sent, "method" | "code">,
    token: { loginAt: number | null } | null,
    stateId: string,
  ): Promise<PasswordVerdict | Failure> {
    return orFailure(passwordStep({
      ...{ attempt, password: new Redacted(password), method, token },
      code: code === null ? null : given(code),
    }, {
      primary: this.#rules.mode === "pam" ? primary : null,
      throttle: this.#throttle(attempt),
      challengeTimeoutSeconds: this.#rules.challengeSeconds,
      newStateId: () => stateId,
      admitsUnenrolled: this.#rules.admitsUnenrolled,
      notice: null,
      ...this.#partsOf("password", attempt),
    }));
  }

  /** On a connection of its own, the attempt's id is the state id that came along. */
  async code(
    attempt: Attempt,
    code: string | null,
    isNewConnection: boolean,
  ): Promise<CodeVerdict | Failure> {
    const { mode, bindsAddress } = this.#rules;
    const id = isNewConnection ? await attemptIdOfState(attempt.id) : attempt.id;
    const request = {
      attempt: { ...attempt, id },
      code: code === null ? null : given(code),
      isNewConnection,
    };
    return await orFailure(codeStep(request, {
      binding: { address: bindsAddress },
      unproven: mode === "external" ? (challenged) => this.#throttle(challenged) : null,
      ...this.#partsOf("code", attempt),
    }));
  }

  async enrol(username: string, base32: string): Promise<void> {
    const vault = new Vault(this.#keyFile);
    const secret = Secret.fromBase32(base32).bytes;
    vault.requireKeys(await this.enrolments.keyIds());
    const sealed = await vault.seal(new Redacted(secret), username);
    const replacesOther = (await this.enrolments.find(username))?.secret ?? null;
    await this.enrolments.enrol(
      [{ ...newEnrolment(username, sealed, this.now), replacesOther }],
      { mayReplace: () => true, knownKeys: vault.keyIds() },
    );
  }

  async replaceRecoveryCodes(username: string, codes: string[]): Promise<boolean> {
    const enrolment = await this.enrolments.find(username);
    if (enrolment === null) return false;
    const secret = await new Vault(this.#keyFile).open(enrolment);
    const marks = await Promise.all(codes.map((code) => markOfCode(secret, code)));
    return await this.enrolments.replaceRecoveryCodes(enrolment, marks);
  }

  async rekey(): Promise<void> {
    const vault = new Vault(this.#keyFile);
    const enrolments = await this.enrolments.list();
    const key = await vault.addKey(enrolments);
    await this.enrolments.replaceSecrets(
      await Promise.all(enrolments.map(async (enrolment) => ({
        enrolment,
        sealed: await vault.reseal(enrolment, key),
      }))),
    );
  }

  #throttle(attempt: Attempt): PlaceThrottle {
    const { freeFailures, maxWaitSeconds } = this.#rules;
    return new PlaceThrottle({ freeFailures, maxWaitSeconds }, attempt);
  }

  #partsOf(step: Step, attempt: Attempt) {
    const { driftSteps, maxFailures, lockoutSeconds } = this.#rules;
    const vault = new Vault(this.#keyFile);
    return {
      store: this.#store,
      audit: new Audit(step, attempt, { maxDays: 90, maxRows: 10_000 }),
      now: () => this.now,
      openSecret: (enrolment: Enrolment) => vault.open(enrolment),
      driftSteps,
      lockout: { maxFailures, lockoutSeconds },
    };
  }
}

async function orFailure<T>(step: Promise<T>): Promise<T | Failure> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
