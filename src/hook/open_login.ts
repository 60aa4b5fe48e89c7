import { letThreadRest } from "../system/thread_rest.ts";
import { newStateId } from "../openvpn/state_id.ts";
import type { FirstFactor } from "../login/first_factor.ts";
import { LoginService } from "../login/login_service.ts";
import { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings.ts";
import { secondsFor } from "./call_time.ts";
import { LOGIN_BUSY_TIMEOUT_MS, type Logins, openLogins } from "../store/open_store.ts";

/** The login service of one call, until it is disposed of. */
export interface OpenLogin extends Disposable {
  service: LoginService;
}

/**
 * Opens the login service with an existing database.
 *
 * @throws Failure if the database cannot be used
 */
export async function openLogin(
  settings: Settings,
  firstFactor: FirstFactor,
): Promise<OpenLogin> {
  const store = await openLoginStore(settings.tokenDbPath);
  const service = new LoginService({
    store: store.logins,
    firstFactor,
    secrets: new Vault(settings.keyFile),
    rules: settings,
    now: Date.now,
    sessionBegins: { before: 0, after: secondsFor("user-pass-verify", settings) * 1000 },
    newStateId,
    rest: letThreadRest,
  });
  return { service, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

/**
 * Opens the store for a login.
 *
 * @throws Failure if it cannot be used
 */
export function openLoginStore(path: string): Promise<Logins> {
  return openLogins({ path, create: false, busyTimeoutMs: LOGIN_BUSY_TIMEOUT_MS });
}
