import type { EpochMs } from "../core/epoch.ts";
import type { FirstFactor } from "../login/first_factor.ts";
import { LoginService } from "../login/login_service.ts";
import { newStateId } from "../openvpn/state_id.ts";
import { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings.ts";
import { LOGIN_BUSY_TIMEOUT_MS, type Logins, openLogins } from "../store/open_store.ts";
import { LONGEST_LOGIN_MS } from "./limits.ts";

/** How much of a wait for another process's lock may hold up other logins, in milliseconds. */
const BLOCKING_MS = 20;

/** How long after a verdict OpenVPN may date a session at the latest, in milliseconds. */
const SLOWEST_REPLY_MS = 10_000;

/** What decides about logins by one set of settings; shared by all that began with it. */
export class OpenLogin {
  readonly settings: Settings;
  readonly service: LoginService;
  readonly store: Logins;
  readonly now: () => EpochMs;
  #users = 0;
  #isRetired = false;

  private constructor(parts: Pick<OpenLogin, "settings" | "service" | "store" | "now">) {
    this.settings = parts.settings;
    this.service = parts.service;
    this.store = parts.store;
    this.now = parts.now;
  }

  /**
   * Opens an existing database.
   *
   * @throws Failure if it cannot be used
   */
  static async open(
    settings: Settings,
    firstFactor: FirstFactor,
    now: () => EpochMs,
  ): Promise<OpenLogin> {
    const store = await openLogins({
      path: settings.tokenDbPath,
      create: false,
      busyTimeoutMs: LOGIN_BUSY_TIMEOUT_MS,
      blockingMs: BLOCKING_MS,
    });
    const service = new LoginService({
      store: store.logins,
      firstFactor,
      secrets: new Vault(settings.keyFile),
      rules: settings,
      now,
      // OpenVPN makes a session's token when it asks about the login.
      sessionBegins: { before: LONGEST_LOGIN_MS, after: SLOWEST_REPLY_MS },
      newStateId,
      // The process has as many threads as it needs.
      rest: () => {},
    });
    return new OpenLogin({ settings, service, store, now });
  }

  /** Whether no further login may begin with it. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Keeps it open until `release`. */
  hold(): void {
    this.#users++;
  }

  /** Ends a {@link hold}. */
  release(): void {
    this.#users--;
    this.#closeIfDone();
  }

  /** Closes it as soon as nobody uses it. */
  retire(): void {
    this.#isRetired = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#users === 0) this.store[Symbol.dispose]();
  }
}
