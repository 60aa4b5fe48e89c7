import type { Attempt } from "../core/challenge.ts";
import { type PasswordForm, takePasswordAndCode } from "../core/password_form.ts";
import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import type { CodeVerdict, PasswordVerdict } from "../core/verdict.ts";
import type { PasswordAttempt } from "./client.ts";
import { type Answer, codeStep } from "./code_step.ts";
import { attemptIdOfState } from "./dynamic_challenge.ts";
import type { LoginParts } from "./login_parts.ts";
import { noticeOf } from "./notice.ts";
import { passwordStep } from "./password_step.ts";
import { tokenStep } from "./token_step.ts";

/**
 * Decides about logins: made once per process, and shared by every way in. All that an attempt needs
 * (audit, throttle, notice) is made inside for each. Nothing is kept between two calls but in the
 * store, so that calls may overlap and may be of different processes.
 */
export class LoginService {
  readonly #parts: LoginParts;

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /**
   * Decides about what a client sends first: a password, with or without its code, a session token,
   * or the answer to a dynamic challenge, which comes in the password's place.
   *
   * By the time that a verdict is given, it has been committed, with its row of the audit trail.
   *
   * @throws Failure when store, key file or first factor fail; the caller refuses
   */
  async password(
    { client, ...attempt }: PasswordAttempt,
    form: PasswordForm,
  ): Promise<PasswordVerdict | CodeVerdict> {
    const { rules } = this.#parts;
    switch (form.form) {
      case "token":
        return await tokenStep(attempt, form.token, this.#parts);
      case "dynamic": {
        const answered = { ...attempt, id: await attemptIdOfState(form.stateId) };
        return await this.answer(answered, { code: form.code, isNewConnection: true });
      }
      case "plain":
      case "static": {
        const digits = await this.#digitsOf(attempt.loginName);
        const taken = takePasswordAndCode(form, client.knowsCrtext, rules, digits);
        const request = { attempt, notice: noticeOf(client), ...taken };
        return await passwordStep(request, this.#parts);
      }
    }
  }

  /**
   * Decides about an answer to the challenge of an attempt; see {@link codeStep}.
   *
   * @throws Failure when store or key file fail; the caller refuses
   */
  answer(attempt: Attempt, answer: Answer): Promise<CodeVerdict> {
    return codeStep(attempt, answer, this.#parts);
  }

  /** The length of a user's codes, where it is needed to find one that was appended. */
  async #digitsOf(loginName: string): Promise<number> {
    const { rules, store } = this.#parts;
    const enrolment = rules.challengeMethods.includes("append")
      ? await store.findEnrolment(loginName, loginName)
      : null;
    return (enrolment?.parameters ?? COMMON_PARAMETERS).digits;
  }
}
