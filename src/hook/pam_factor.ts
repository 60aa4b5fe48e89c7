import type { Attempt } from "../core/challenge.ts";
import {
  type FirstFactor,
  type FirstFactorResult,
  type FirstFactorTurn,
  turnAtOnce,
} from "../login/first_factor.ts";
import { adviceForUid, type AskedPam, pamVerdict, passwordVerdict } from "../pam/pam_verdict.ts";
import type { PamService } from "../pam/pam_service.ts";
import type { Accounts } from "../system/accounts.ts";

/** PAM as a login's first factor, asked in this process. */
export class PamFactor implements FirstFactor {
  readonly provesPassword = true;
  readonly #pam: PamService;
  readonly #accounts: Accounts;

  constructor(pam: PamService, accounts: Accounts) {
    this.#pam = pam;
    this.#accounts = accounts;
  }

  turn(): Promise<FirstFactorTurn> {
    return Promise.resolve(turnAtOnce(async ({ loginName, address }, password) => {
      const result = await this.#pam.authenticate(loginName, password, address);
      return passwordVerdict(result, this.#asked());
    }));
  }

  async checkAccount({ loginName, address }: Attempt): Promise<FirstFactorResult> {
    return pamVerdict(await this.#pam.checkAccount(loginName, address), this.#asked());
  }

  accountName(username: string): Promise<string | null> {
    return Promise.resolve(this.#accounts.find(username)?.name ?? null);
  }

  #asked(): AskedPam {
    return { service: this.#pam.name, advice: adviceForUid(Deno.uid(), RUN_AS_ROOT) };
  }
}

const RUN_AS_ROOT = "remove `user` and `group` from OpenVPN's configuration";
