import type { Attempt } from "../core/challenge.ts";
import type { PasswordBytes } from "../core/password_form.ts";
import { refused, refusedUntilChanged } from "../core/verdict.ts";
import type { FirstFactor, FirstFactorResult } from "../login/first_factor.ts";
import {
  describePamRefusal,
  isAboutAccount,
  mustChangePassword,
  type PamResult,
} from "../pam/pam_result.ts";
import type { PamService } from "../pam/pam_service.ts";
import type { Accounts } from "../system/accounts.ts";

/** PAM as a login's first factor. */
export class PamFactor implements FirstFactor {
  readonly provesPassword = true;
  readonly #pam: PamService;
  readonly #accounts: Accounts;

  constructor(pam: PamService, accounts: Accounts) {
    this.#pam = pam;
    this.#accounts = accounts;
  }

  async authenticate(
    { loginName, address }: Attempt,
    password: PasswordBytes,
  ): Promise<FirstFactorResult> {
    const result = await this.#pam.authenticate(loginName, password, address);
    const answer = this.#resultOf(result);
    return answer.outcome === "refused" && mustChangePassword(result)
      ? refusedUntilChanged(answer)
      : answer;
  }

  async checkAccount({ loginName, address }: Attempt): Promise<FirstFactorResult> {
    return this.#resultOf(await this.#pam.checkAccount(loginName, address));
  }

  accountName(username: string): string | null {
    return this.#accounts.find(username)?.name ?? null;
  }

  #resultOf(result: PamResult): FirstFactorResult {
    return firstFactorResultOf(result, this.#pam.name, Deno.uid());
  }
}

/**
 * PAM's answer in a login's words, with advice for the administrator of an OpenVPN server.
 *
 * @param service PAM's service
 * @param uid whom this process runs as
 */
export function firstFactorResultOf(
  result: PamResult,
  service: string,
  uid: number | null,
): FirstFactorResult {
  if (result.outcome === "passed") return result;
  const detail = describePamRefusal(service, result);
  switch (result.outcome) {
    case "denied":
      return refused(
        isAboutAccount(result) ? "account_refused" : "wrong_password",
        detail + adviceFor(uid),
      );
    case "failed":
      return refused("pam_error", result.call === "pam_start" ? detail : detail + adviceFor(uid));
    case "unnamed":
      return refused("pam_error", detail);
    case "no_answer":
      return refused(
        "pam_error",
        `${detail}: check which module in /etc/pam.d/${service} hangs ` +
          "(an unreachable directory server?), or raise totpPamTimeout",
      );
  }
}

/** pam_unix(8) checks other users' passwords for root alone, and otherwise says only "wrong". */
function adviceFor(uid: number | null): string {
  if (uid === 0) return "";
  return `; as uid ${uid}, PAM may not be able to check any password: remove \`user\` and ` +
    "`group` from OpenVPN's configuration, or set totpPrimaryAuth external";
}
