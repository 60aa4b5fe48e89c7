import type { Attempt } from "../../core/challenge.ts";
import { Failure } from "../../core/failure.ts";
import type { PasswordBytes } from "../../core/password_form.ts";
import { type Refused, refused, refusedBusy } from "../../core/verdict.ts";
import type { FirstFactor, FirstFactorResult } from "../../login/first_factor.ts";
import type { PamRequest } from "../../pam/helper/protocol.ts";
import { adviceForUid, type AskedPam, pamVerdict, passwordVerdict } from "../../pam/pam_verdict.ts";
import type { PamResult } from "../../pam/pam_result.ts";
import type { HelperPool } from "./helper_pool.ts";
import { HelpersBusy } from "./turns.ts";

/** PAM as a login's first factor, asked by helpers. */
export class HelperFactor implements FirstFactor {
  readonly provesPassword = true;
  readonly #pool: Pick<HelperPool, "askPam" | "accountName">;
  readonly #service: string;

  /** @param serviceName PAM's service, for refusals' details: helpers have it as their own setting */
  constructor(pool: Pick<HelperPool, "askPam" | "accountName">, serviceName: string) {
    this.#pool = pool;
    this.#service = serviceName;
  }

  authenticate(
    { loginName, address }: Attempt,
    password: PasswordBytes,
  ): Promise<FirstFactorResult> {
    const request = {
      kind: "authenticate",
      username: loginName,
      rhost: address,
      password,
    } as const;
    return this.#ask(request, passwordVerdict);
  }

  checkAccount({ loginName, address }: Attempt): Promise<FirstFactorResult> {
    const request = { kind: "check_account", username: loginName, rhost: address } as const;
    return this.#ask(request, pamVerdict);
  }

  accountName(username: string): Promise<string | null> {
    return this.#pool.accountName(username);
  }

  async #ask(
    request: PamRequest,
    judge: (result: PamResult, asked: AskedPam) => FirstFactorResult,
  ): Promise<FirstFactorResult> {
    try {
      const { result, uid } = await this.#pool.askPam(request);
      const advice = adviceForUid(uid ?? 0, RUN_AS_ROOT);
      return judge(result, { service: this.#service, advice });
    } catch (error) {
      return refusalOf(error);
    }
  }
}

const RUN_AS_ROOT = "remove User= from the unit openvpn-totp-pam@.service";

/** Nobody learnt anything about the password. */
function refusalOf(error: unknown): Refused {
  if (error instanceof HelpersBusy) return refusedBusy(error.message);
  if (error instanceof Failure) return refused("pam_error", error.message);
  throw error;
}
