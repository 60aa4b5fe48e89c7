import type { Refused } from "../core/verdict.ts";
import { letThreadRest } from "../system/thread_rest.ts";
import { newStateId } from "../openvpn/state_id.ts";
import type { FirstFactor } from "../login/first_factor.ts";
import { LoginService } from "../login/login_service.ts";
import { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings.ts";
import { secondsFor } from "./call_time.ts";
import { CutShort } from "./cut_short.ts";
import { withStoreAsOwner } from "./owners_rights.ts";
import type { Logins } from "../store/store.ts";
import type { OpenLogins } from "./call.ts";

/** What a call decides with. */
export interface LoginMeans {
  settings: Settings;
  firstFactor: FirstFactor;
  openLogins: OpenLogins;
  /** See `HookCall`. */
  databaseOwner: number | null;
}

/**
 * Has the login service decide with an existing database. Meanwhile, the process has the rights of the
 * database's owner, and no verdict may be handed to OpenVPN; afterwards it has its own again.
 *
 * @throws Failure if the database cannot be used
 */
export async function decideWith<Verdict>(
  { settings, firstFactor, openLogins, databaseOwner }: LoginMeans,
  decide: (service: LoginService) => Promise<Verdict>,
): Promise<Verdict | Refused> {
  try {
    return await withStoreAsOwner(
      databaseOwner,
      () => openLogins(settings.database),
      (store) => decide(loginService(settings, firstFactor, store)),
    );
  } catch (error) {
    if (error instanceof CutShort) return error.verdict;
    throw error;
  }
}

function loginService(settings: Settings, firstFactor: FirstFactor, store: Logins): LoginService {
  return new LoginService({
    store: store.logins,
    firstFactor,
    secrets: new Vault(settings.keyFile),
    rules: settings,
    now: Date.now,
    sessionBegins: { before: 0, after: secondsFor("user-pass-verify", settings) * 1000 },
    newStateId,
    rest: letThreadRest,
  });
}
