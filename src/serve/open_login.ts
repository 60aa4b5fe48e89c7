import type { EpochMs } from "../core/epoch.ts";
import { Failure } from "../core/failure.ts";
import type { FirstFactor } from "../login/first_factor.ts";
import { LoginService } from "../login/login_service.ts";
import { newStateId } from "../openvpn/state_id.ts";
import { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings.ts";
import { LOGIN_BUSY_TIMEOUT_MS, openLogins } from "../store/open_store.ts";
import type { Logins } from "../store/store.ts";
import { foreignOwner } from "../system/trusted_path.ts";
import { LONGEST_LOGIN_MS } from "./limits.ts";

/** How long after a verdict OpenVPN may date a session at the latest, in milliseconds. */
const SLOWEST_REPLY_MS = 10_000;

/** To a PostgreSQL server, which has 100 by default for a whole fleet. */
const CONNECTIONS = 4;

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
    const { database } = settings;
    if (database.engine === "sqlite") requireOwnDatabase(database.path);
    const store = await openLogins({
      database,
      create: false,
      busyTimeoutMs: LOGIN_BUSY_TIMEOUT_MS,
      // Other logins go on meanwhile.
      blockingMs: 0,
      connections: CONNECTIONS,
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

/**
 * Refuses another user's database to a service of root's. It does not take that user's rights, as
 * commands and hooks do: nothing that it does needs root.
 */
function requireOwnDatabase(path: string): void {
  const owner = Deno.uid() === 0 ? foreignOwner(path) : null;
  if (owner === null) return;
  throw new Failure(
    "untrusted_path",
    `${path}, or a directory above it, belongs to uid ${owner}, but the service runs as root: run it as ` +
      `that user (User= in its unit, or setpriv --reuid ${owner} --regid ${owner} --clear-groups), or ` +
      "choose another place for the database (totpTokenDbPath)",
  );
}
