import type { Attempt } from "../../core/challenge.ts";
import { Failure } from "../../core/failure.ts";
import { type Refused, refused, refusedBusy } from "../../core/verdict.ts";
import type { FirstFactor, FirstFactorResult, FirstFactorTurn } from "../../login/first_factor.ts";
import { adviceForUid, type AskedPam, pamVerdict, passwordVerdict } from "../../pam/pam_verdict.ts";
import type { PamResult } from "../../pam/pam_result.ts";
import type { HelperPool, PamReply } from "./helper_pool.ts";
import { HelpersBusy } from "./turns.ts";

/** PAM as a login's first factor, asked by helpers. */
export class HelperFactor implements FirstFactor {
  readonly provesPassword = true;
  readonly #pool: Pick<HelperPool, "turn" | "askPam" | "accountName">;
  readonly #service: string;

  /** @param serviceName PAM's service, for refusals' details: helpers have it as their own setting */
  constructor(pool: Pick<HelperPool, "turn" | "askPam" | "accountName">, serviceName: string) {
    this.#pool = pool;
    this.#service = serviceName;
  }

  async turn(): Promise<FirstFactorTurn | Refused> {
    try {
      const turn = await this.#pool.turn();
      return {
        authenticate: ({ loginName: username, address: rhost }, password) =>
          this.#judge(
            turn.ask({ kind: "authenticate", username, rhost, password }),
            passwordVerdict,
          ),
        [Symbol.dispose]: () => turn[Symbol.dispose](),
      };
    } catch (error) {
      return refusalOf(error);
    }
  }

  checkAccount({ loginName: username, address: rhost }: Attempt): Promise<FirstFactorResult> {
    return this.#judge(this.#pool.askPam({ kind: "check_account", username, rhost }), pamVerdict);
  }

  accountName(username: string): Promise<string | null> {
    return this.#pool.accountName(username);
  }

  async #judge(
    reply: Promise<PamReply>,
    judge: (result: PamResult, asked: AskedPam) => FirstFactorResult,
  ): Promise<FirstFactorResult> {
    try {
      const { result, uid } = await reply;
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
