import { Secret } from "otpauth";
import type { Attempt } from "../../src/core/challenge.ts";
import { Failure } from "../../src/core/failure.ts";
import type { LoginRules } from "../../src/core/login_rules.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { markOfCode } from "../../src/core/totp.ts";
import { type CodeVerdict, type PasswordVerdict, refused } from "../../src/core/verdict.ts";
import { codeStep } from "../../src/login/code_step.ts";
import { attemptIdOfState } from "../../src/login/dynamic_challenge.ts";
import { EXTERNAL_FACTOR, type FirstFactorResult } from "../../src/login/first_factor.ts";
import type { LoginParts } from "../../src/login/login_parts.ts";
import { passwordStep } from "../../src/login/password_step.ts";
import { tokenStep } from "../../src/login/token_step.ts";
import { fakeFactor, TEST_RULES } from "./login_parts.ts";
import { given, newEnrolment } from "./secrets.ts";
import { Vault } from "../../src/secrets/vault.ts";
import type { EnrolmentStore, LoginStore, Store } from "../../src/store/store.ts";
import { BEGINS_BY_SCRIPT, BLOCKED, pamNameOf, type Rules, type Sent } from "./login_rules.ts";

const PASSWORDS: Record<Sent["password"], string> = {
  right: "correct horse",
  wrong: "battery staple",
  "PAM fails": "PAM fails",
  "has a NUL": "correct horse\0",
};

/** A PAM with one password for everybody. */
export const TRIAL_PAM = fakeFactor(({ loginName }, password) => {
  if (password.startsWith(PASSWORDS["PAM fails"])) return refused("pam_error");
  if (password !== PASSWORDS.right) return refused("wrong_password");
  return accountOf(pamNameOf(loginName));
  // Without authentication, no module reports the name that it knows the user by.
}, ({ loginName }) => accountOf(loginName));

function accountOf(username: string): FirstFactorResult {
  return username === BLOCKED ? refused("account_refused") : { outcome: "passed", username };
}

/**
 * The real steps of a login on a real database and key file, with a clock that the test controls.
 */
export class LoginRig {
  now = 0;
  /** Whether the client was told the last verdict. */
  hasTold = true;
  /** Whether what could not be decided is in the audit trail, too. */
  readonly recordsFailures: boolean = false;
  /** Whether a login under an id takes the place of an earlier one with its challenge. */
  readonly forgetsEarlier: boolean = false;
  readonly enrolments: EnrolmentStore;
  readonly #store: LoginStore;
  readonly #keyFile: string;
  readonly #rules: Rules;

  constructor({ enrolments, logins }: Store, keyFile: string, rules: Rules) {
    this.enrolments = enrolments;
    this.#store = logins;
    this.#keyFile = keyFile;
    this.#rules = rules;
  }

  password(
    attempt: Attempt,
    { password, nth = 0, method, code, connectedFrom = null }: Sent,
    stateId: string,
  ): Promise<PasswordVerdict | Failure> {
    return orFailure(passwordStep({
      attempt,
      connectedFrom,
      password: new Redacted(new TextEncoder().encode(textOfPassword(password, nth))),
      method,
      code: code === null ? null : given(code),
      notice: null,
    }, this.#parts(stateId)));
  }

  token(attempt: Attempt, loginAt: number | null): Promise<PasswordVerdict | Failure> {
    return orFailure(tokenStep(attempt, { loginAt }, this.#parts("")));
  }

  /** Under which id an attempt's challenge is stored. */
  async storedId(id: string, isDynamic: boolean): Promise<string> {
    return isDynamic ? await attemptIdOfState(id) : id;
  }

  /** On a new connection, the attempt's id is the state id that came with the answer. */
  async code(
    attempt: Attempt,
    code: string | null,
    isNewConnection: boolean,
  ): Promise<CodeVerdict | Failure> {
    const id = await this.storedId(attempt.id, isNewConnection);
    const answer = { code: code === null ? null : given(code), isNewConnection };
    return await orFailure(codeStep({ ...attempt, id }, answer, this.#parts("")));
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

  #parts(stateId: string): LoginParts {
    return {
      store: this.#store,
      firstFactor: this.#rules.mode === "pam" ? TRIAL_PAM : EXTERNAL_FACTOR,
      secrets: new Vault(this.#keyFile),
      rules: loginRulesOf(this.#rules),
      now: () => this.now,
      sessionBegins: BEGINS_BY_SCRIPT,
      newStateId: () => stateId,
      rest() {},
    };
  }
}

/** A password as it is typed; `nth` tells those apart of which there are many. */
export function textOfPassword(password: Sent["password"], nth = 0): string {
  const isOneOfMany = password === "wrong" || password === "PAM fails";
  return PASSWORDS[password] + (isOneOfMany ? nth : "");
}

/** The rules of the model, as the program has them. */
export function loginRulesOf(rules: Rules): LoginRules {
  const { challengeSeconds, bindsAddress, admitsUnenrolled, driftSteps, commonName } = rules;
  const { maxFailures, lockoutSeconds, freeFailures, maxWaitSeconds } = rules;
  return {
    ...TEST_RULES,
    challengeTimeoutSeconds: challengeSeconds,
    bindAddress: bindsAddress,
    commonName,
    unenrolled: admitsUnenrolled ? "allow" : "deny",
    driftSteps,
    lockout: { maxFailures, lockoutSeconds },
    throttle: { freeFailures, maxWaitSeconds },
    audit: { maxDays: 3650, maxRows: 10_000 },
  };
}

async function orFailure<T>(step: Promise<T>): Promise<T | Failure> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
