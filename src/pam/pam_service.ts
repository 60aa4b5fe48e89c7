import { Memory } from "../system/memory.ts";
import type { Redacted } from "../text/redacted.ts";
import { Conversations } from "./conversation.ts";
import { openLibpam } from "./libpam.ts";
import { noDelay } from "./no_delay.ts";
import type { PamFailure, PamResult } from "./pam_result.ts";
import { pamStatusName } from "./status.ts";
import { type ModuleCall, type PamLogin, type PamParts, PamTransaction } from "./transaction.ts";

/**
 * A PAM service: username and password checked the system's way (pam(3)). Any number of calls may
 * run at once; none sleeps on a refusal, and each answers within the time limit.
 */
export class PamService {
  /** Name of its file in /etc/pam.d. */
  readonly name: string;
  readonly #timeoutSeconds: number;
  readonly #parts: PamParts;
  #hasLeftModule = false;

  /**
   * Loads what it needs at once; the process may give up foreign code afterwards.
   *
   * @param name of a file in /etc/pam.d
   * @param timeoutSeconds how long the modules may take for one answer; afterwards they are left to
   *   themselves, in a thread of their own that ends with the process at the latest
   * @throws Failure `library_missing`
   */
  constructor(name: string, timeoutSeconds: number, memory = new Memory()) {
    this.name = name;
    this.#timeoutSeconds = timeoutSeconds;
    this.#parts = {
      libpam: openLibpam(),
      memory,
      conversations: new Conversations(memory),
      noDelay: noDelay(),
    };
  }

  /**
   * Checks the password, then whether the account may log in.
   *
   * @param username without NUL
   * @param password without NUL; the caller zeroes it
   * @param rhost where the user comes from, without NUL; null: not known
   */
  async authenticate(
    username: string,
    password: Redacted<Uint8Array<ArrayBuffer>>,
    rhost: string | null,
  ): Promise<PamResult> {
    const started = this.#start({ username, credentials: { username, password } });
    return started instanceof PamTransaction
      ? await this.#ask(started, ["pam_authenticate", "pam_acct_mgmt"], rhost)
      : started;
  }

  /** Checks only whether the account may (still) log in; parameters as in `authenticate`. */
  async checkAccount(username: string, rhost: string | null): Promise<PamResult> {
    const started = this.#start({ username, credentials: null });
    return started instanceof PamTransaction
      ? await this.#ask(started, ["pam_acct_mgmt"], rhost)
      : started;
  }

  /**
   * Keeps the service's modules loaded until the process ends: libpam loads them for each transaction
   * and unloads them after it, which takes some milliseconds (pam_start(3) and pam_end(3): 2.8 ms for
   * Debian's service `login`, and 0.2 ms where they are loaded already).
   */
  keepModulesLoaded(): void {
    this.#start({ username: "root", credentials: null });
  }

  /** Begins and ends a transaction that asks nothing; the failure's PAM name, or null. */
  probe(): string | null {
    const started = this.#start({ username: "root", credentials: null });
    if (!(started instanceof PamTransaction)) return pamStatusName(started.status);
    started.end();
    return null;
  }

  /** Says whether a module that did not answer in time was ever left to itself. */
  get hasLeftModule(): boolean {
    return this.#hasLeftModule;
  }

  async #ask(
    transaction: PamTransaction,
    calls: readonly ModuleCall[],
    rhost: string | null,
  ): Promise<PamResult> {
    try {
      return await transaction.ask(calls, rhost, this.#timeoutSeconds);
    } finally {
      this.#hasLeftModule ||= transaction.isRunning;
    }
  }

  #start(login: PamLogin): PamTransaction | PamFailure {
    return PamTransaction.start(this.#parts, this.name, login);
  }
}
