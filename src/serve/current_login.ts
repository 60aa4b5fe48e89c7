import type { EpochMs } from "../core/epoch.ts";
import type { FirstFactor } from "../login/first_factor.ts";
import type { Settings } from "../settings.ts";
import { OpenLogin } from "./open_login.ts";

/** Settings, and the first factor that they lead to. */
export interface Rules {
  settings: Settings;
  firstFactor: FirstFactor;
}

/**
 * Decides about logins by the present settings and the present database: a database that was replaced,
 * or brought up to date by a newer program, is opened anew.
 */
export class CurrentLogin {
  readonly #now: () => EpochMs;
  #rules: Rules;
  #open: OpenLogin | null = null;
  #opening: Promise<OpenLogin> | null = null;

  constructor(rules: Rules, now: () => EpochMs) {
    this.#rules = rules;
    this.#now = now;
  }

  get settings(): Settings {
    return this.#rules.settings;
  }

  /** Decides by other settings from the next login on. */
  change(rules: Rules): void {
    this.#rules = rules;
    this.#retire();
  }

  /**
   * Runs work with what decides about the next login.
   *
   * @throws Failure if the database cannot be used, and what the work throws
   */
  async use<T>(work: (login: OpenLogin) => Promise<T>): Promise<T> {
    const login = await this.#take();
    try {
      return await work(login);
    } finally {
      login.release();
    }
  }

  close(): void {
    this.#retire();
  }

  /** Holds it at once: until its caller goes on, another login may find the database replaced. */
  async #take(): Promise<OpenLogin> {
    for (;;) {
      if (this.#open !== null && isUsable(this.#open)) return held(this.#open);
      this.#retire();
      // Only once, however many logins wait for it.
      this.#opening ??= this.#openAnew();
      const login = await this.#opening;
      // The settings may have changed meanwhile.
      if (!login.isRetired) return held(login);
    }
  }

  async #openAnew(): Promise<OpenLogin> {
    const { settings, firstFactor } = this.#rules;
    try {
      const login = await OpenLogin.open(settings, firstFactor, this.#now);
      if (settings === this.#rules.settings) this.#open = login;
      else login.retire();
      return login;
    } finally {
      this.#opening = null;
    }
  }

  #retire(): void {
    this.#open?.retire();
    this.#open = null;
  }
}

function held(login: OpenLogin): OpenLogin {
  login.hold();
  return login;
}

function isUsable(login: OpenLogin): boolean {
  try {
    return !login.store.isStale();
  } catch {
    // Opening it anew tells what is wrong.
    return false;
  }
}
