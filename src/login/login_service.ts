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
 * Decides about logins. There is one service per process, shared by every interface to OpenVPN.
 * What an attempt needs (audit, throttle, notice) is made for each attempt. Calls keep nothing
 * except in the store, so they may overlap and may come from different processes.
 */
export class LoginService {
  readonly #parts: LoginParts;

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /**
   * Decides about what a client sends first: a password, with or without its code, a session token,
   * or the answer to a dynamic challenge, which is sent as the password.
   *
   * When the verdict is returned, it has been committed together with its row of the audit trail.
   *
   * @throws Failure if the store, the key file or the first factor fails; the caller refuses
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
        const { connectedFrom } = client;
        const request = { attempt, connectedFrom, notice: noticeOf(client), ...taken };
        try {
          return await passwordStep(request, this.#parts);
        } finally {
          // A copy, where a code was taken off; the form's own is the caller's to overwrite.
          if (taken.password !== form.password) taken.password.reveal().fill(0);
        }
      }
    }
  }

  /**
   * Decides about an answer to the challenge of an attempt; see {@link codeStep}.
   *
   * @throws Failure if the store or the key file fails; the caller refuses
   */
  answer(attempt: Attempt, answer: Answer): Promise<CodeVerdict> {
    return codeStep(attempt, answer, this.#parts);
  }

  /** The length of a user's codes, looked up only if an appended code must be found. */
  async #digitsOf(loginName: string): Promise<number> {
    const { rules, store } = this.#parts;
    const enrolment = rules.challengeMethods.includes("append")
      ? await store.findEnrolment(loginName, loginName)
      : null;
    return (enrolment?.parameters ?? COMMON_PARAMETERS).digits;
  }
}
