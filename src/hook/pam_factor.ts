import type { Attempt } from "../core/challenge.ts";
import type { PasswordBytes } from "../core/password_form.ts";
import type { FirstFactor, FirstFactorResult } from "../login/first_factor.ts";
import { PamAuthentication } from "../pam/pam.ts";

/** PAM as the first factor. */
export class PamFactor implements FirstFactor {
  readonly provesPassword = true;
  readonly #pam: PamAuthentication;

  constructor(service: string, timeoutSeconds: number) {
    this.#pam = new PamAuthentication(service, timeoutSeconds);
  }

  authenticate({ loginName, address }: Attempt, password: PasswordBytes) {
    return this.#pam.authenticate(loginName, password, address);
  }

  checkAccount({ loginName, address }: Attempt): Promise<FirstFactorResult> {
    return this.#pam.checkAccount(loginName, address);
  }
}
