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
import { asCaller, RightsKept, whileActingAsCaller } from "../system/acting_user.ts";
import { CutShort } from "./cut_short.ts";

/**
 * PAM as a login's first factor, asked in this process. While the process acts as the owner of the
 * database, PAM and the system's accounts are still asked with the rights of the process's own user.
 */
export class PamFactor implements FirstFactor {
  readonly provesPassword = true;
  readonly #pam: PamService;
  readonly #accounts: Accounts;

  constructor(pam: PamService, accounts: Accounts) {
    this.#pam = pam;
    this.#accounts = accounts;
  }

  turn(): Promise<FirstFactorTurn> {
    return Promise.resolve(
      turnAtOnce(({ loginName, address }, password) =>
        this.#ask(async () =>
          passwordVerdict(await this.#pam.authenticate(loginName, password, address), this.#asked())
        )
      ),
    );
  }

  async checkAccount({ loginName, address }: Attempt): Promise<FirstFactorResult> {
    return await this.#ask(async () =>
      pamVerdict(await this.#pam.checkAccount(loginName, address), this.#asked())
    );
  }

  accountName(username: string): Promise<string | null> {
    return Promise.resolve(asCaller(() => this.#accounts.find(username)?.name ?? null));
  }

  /**
   * A module that did not answer in time is still at work. It may have taken the rights of the user who
   * logs in, for files of that user's: other rights must not come over it there.
   *
   * @throws CutShort in that case: nothing can be done with the database any more
   */
  async #ask(question: () => Promise<FirstFactorResult>): Promise<FirstFactorResult> {
    let answer: FirstFactorResult | undefined;
    try {
      return await whileActingAsCaller(
        async () => answer = await question(),
        () => !this.#pam.hasLeftModule,
      );
    } catch (error) {
      if (error instanceof RightsKept && answer?.outcome === "refused") throw new CutShort(answer);
      throw error;
    }
  }

  #asked(): AskedPam {
    return { service: this.#pam.name, advice: adviceForUid(Deno.uid(), RUN_AS_ROOT) };
  }
}

const RUN_AS_ROOT = "remove `user` and `group` from OpenVPN's configuration";
