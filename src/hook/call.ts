import type { DatabasePlace } from "../core/database_place.ts";
import type { LoginStep } from "../core/decision.ts";
import type { CodeVerdict, PasswordVerdict } from "../core/verdict.ts";
import type { FirstFactor } from "../login/first_factor.ts";
import { refusalOf } from "../login/refusal_of.ts";
import { type Reply, replyWith } from "../login/reply.ts";
import type { ScriptEnvironment } from "../openvpn/script/environment.ts";
import { ExitStatus } from "../openvpn/script/exit_status.ts";
import type { ReadSettings, Settings } from "../settings.ts";
import type { Logins } from "../store/store.ts";

/** Opens the store for one login; each kind of database has its own, as a call loads only one. */
export type OpenLogins = (database: DatabasePlace) => Promise<Logins>;

/** One call by OpenVPN. */
export interface HookCall {
  /** The program's arguments; OpenVPN puts its temporary file last. */
  args: readonly string[];
  environment: ScriptEnvironment;
  /** The settings, read once. */
  settings: ReadSettings;
  /**
   * The user with whose rights the database and the key file are used, and nothing else; null for those
   * of this process. See `ownerToActAs`.
   */
  databaseOwner: number | null;
  openLogins: OpenLogins;
  /** Opens the first factor, with all libraries that it needs. */
  openFirstFactor(settings: Settings): FirstFactor;
}

/** The result of a call. */
export interface HookResult {
  verdict: PasswordVerdict | CodeVerdict;
  exitStatus: ExitStatus;
  /** The username as the client gave it, if it may differ from the variable `username`. */
  loginName?: string | undefined;
  /** The login step, if the kind of call does not determine it. */
  step?: LoginStep;
  /** Something apart from the decision that an administrator should fix. */
  warning?: string | undefined;
}

/**
 * Hands a verdict to OpenVPN. If an acceptance or a challenge cannot be delivered, the login is
 * refused.
 */
export function deliver(
  verdict: HookResult["verdict"],
  reply: Reply<ExitStatus>,
): Pick<HookResult, "verdict" | "exitStatus"> {
  try {
    return { verdict, exitStatus: replyWith(verdict, reply) };
  } catch (error) {
    return { verdict: refusalOf(error), exitStatus: ExitStatus.REFUSE };
  }
}
