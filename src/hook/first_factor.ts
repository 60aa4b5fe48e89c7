import { Failure } from "../core/failure.ts";
import { EXTERNAL_FACTOR, type FirstFactor } from "../login/first_factor.ts";
import { choosePamService } from "../pam/choose_pam_service.ts";
import { PamService } from "../pam/pam_service.ts";
import type { Settings } from "../settings.ts";
import { Accounts } from "../system/accounts.ts";
import { Memory } from "../system/memory.ts";
import { PamFactor } from "./pam_factor.ts";

/** Opens the first factor that decides about the password: PAM, or another factor of OpenVPN. */
export function openFirstFactor(settings: Settings): FirstFactor {
  if (settings.primaryAuth === "external") return EXTERNAL_FACTOR;
  const service = choosePamService(settings.pamService);
  const memory = new Memory();
  const pam = new PamService(service, settings.pamTimeoutSeconds, memory);
  return new PamFactor(pam, new Accounts(memory));
}

/** The first factor in a call that checks no password: PAM's libraries are not loaded. */
export function unaskedFactor({ primaryAuth }: Settings): FirstFactor {
  if (primaryAuth === "external") return EXTERNAL_FACTOR;
  const ask = () => Promise.reject(new Failure("bad_call", "PAM is not asked in this call"));
  return { provesPassword: true, turn: ask, checkAccount: ask, accountName: ask };
}
