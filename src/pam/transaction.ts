import { type Address, cString, type Memory } from "../system/memory.ts";
import { letThreadRest } from "../system/thread_rest.ts";
import { readUtf8 } from "../text/utf8.ts";
import type { PamCredentials } from "./answers.ts";
import type { Conversation, Conversations } from "./conversation.ts";
import { Flag, Item, type Libpam } from "./libpam.ts";
import { ABOUT_ACCOUNT, type PamDenial, type PamFailure, type PamResult } from "./pam_result.ts";
import { Status } from "./status.ts";

/** What transactions share; made once in a process, while it may still use foreign code. */
export interface PamParts {
  libpam: Libpam;
  memory: Memory;
  conversations: Conversations;
  /** A PAM_FAIL_DELAY function. */
  noDelay: Address;
}

/** Who logs in. */
export interface PamLogin {
  /** Without NUL. */
  username: string;
  /** What a module gets that asks; null: PAM_CONV_ERR. */
  credentials: PamCredentials | null;
}

/** A function of libpam that runs modules. */
export type ModuleCall = "pam_authenticate" | "pam_acct_mgmt";

/** PAM_TTY: logins over OpenVPN have no terminal, but modules want a name (as sshd's "ssh"). */
const TTY = "openvpn";

/** Not PAM_SILENT: what modules tell the user is for the log. */
const FLAGS: Record<ModuleCall, number> = {
  pam_authenticate: Flag.DISALLOW_NULL_AUTHTOK,
  pam_acct_mgmt: 0,
};

/** Return values of pam_authenticate(3) that are about the user, not the system. */
const ABOUT_USER: readonly number[] = [
  Status.AUTH_ERR,
  Status.USER_UNKNOWN,
  Status.PERM_DENIED,
  ...ABOUT_ACCOUNT,
];

/** A PAM transaction, from pam_start(3) to pam_end(3). Any number of them may run at once. */
export class PamTransaction {
  readonly #parts: PamParts;
  readonly #handle: Address;
  readonly #conversation: Conversation;
  /** The call that modules haven't come back from. */
  #running: Promise<number> | null = null;

  private constructor(parts: PamParts, handle: Address, conversation: Conversation) {
    this.#parts = parts;
    this.#handle = handle;
    this.#conversation = conversation;
  }

  /** Begins one, to be ended by `ask` or `end`; or says what libpam has against it. */
  static start(parts: PamParts, service: string, login: PamLogin): PamTransaction | PamFailure {
    const conversation = parts.conversations.begin(login.credentials);
    // The call returns before the two strings and the pointer can be collected.
    const out = new BigUint64Array(1);
    const status = parts.libpam.pam_start(
      cString(service),
      cString(login.username),
      conversation.structure,
      out,
    );
    const handle = out[0]!;
    if (status === Status.SUCCESS && handle !== 0n) {
      return new PamTransaction(parts, handle, conversation);
    }
    conversation.end();
    return { outcome: "failed", call: "pam_start", status };
  }

  /** Says whether modules are at work on it. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /**
   * Has modules decide, call by call, and ends the transaction.
   *
   * A module that hasn't answered in time is left to itself. It gets no credentials from then on.
   * As it still works on the transaction, pam_end and the freeing of memory wait until it comes
   * back, if ever.
   *
   * @param rhost PAM_RHOST: where the user comes from, without NUL; null: not known
   * @param seconds how long all calls together may take
   */
  async ask(
    calls: readonly ModuleCall[],
    rhost: string | null,
    seconds: number,
  ): Promise<PamResult> {
    const timeUp = Promise.withResolvers<null>();
    const timer = setTimeout(timeUp.resolve, seconds * 1000, null);
    try {
      const refusal = this.#setItems(rhost) ?? await this.#run(calls, timeUp.promise);
      if (refusal === "late") return { outcome: "no_answer", seconds };
      return refusal ?? this.#settledUser();
    } finally {
      clearTimeout(timer);
      this.#conversation.silence();
      if (this.#running === null) this.end();
      else this.#running.then(() => this.end());
    }
  }

  /** Ends it, which must not be while a module runs: pam_end takes away what it works on. */
  end(): void {
    this.#parts.libpam.pam_end(this.#handle, Status.SUCCESS);
    this.#conversation.end();
  }

  /** Null when all went well. */
  async #run(
    calls: readonly ModuleCall[],
    timeUp: Promise<null>,
  ): Promise<PamDenial | PamFailure | "late" | null> {
    for (const [i, call] of calls.entries()) {
      if (i > 0) letThreadRest();
      this.#running = this.#parts.libpam[call](this.#handle, FLAGS[call]);
      const status = await Promise.race([this.#running, timeUp]);
      if (status === null) return "late";
      this.#running = null;
      if (status !== Status.SUCCESS) return this.#refusalBy(call, status);
    }
    return null;
  }

  /** What a call's status other than PAM_SUCCESS means. */
  #refusalBy(call: ModuleCall, status: number): PamDenial | PamFailure {
    const { said } = this.#conversation.texts;
    const why = { status, ...said.length === 0 ? {} : { said } };
    return call === "pam_acct_mgmt" || ABOUT_USER.includes(status)
      ? { outcome: "denied", call, ...why }
      : { outcome: "failed", call, ...why };
  }

  /** Sets what modules look at, up to the first failure (PAM_SUCCESS is 0); null: all went well. */
  #setItems(rhost: string | null): PamFailure | null {
    const { noDelay } = this.#parts;
    const status = this.#setItem(Item.FAIL_DELAY, noDelay) || this.#setText(Item.TTY, TTY) ||
      (rhost === null ? Status.SUCCESS : this.#setText(Item.RHOST, rhost));
    return status === Status.SUCCESS ? null : { outcome: "failed", call: "pam_set_item", status };
  }

  #setItem(item: number, value: Address): number {
    return this.#parts.libpam.pam_set_item(this.#handle, item, value);
  }

  /** libpam makes a copy, so that this one can be freed at once. */
  #setText(item: number, text: string): number {
    const { memory } = this.#parts;
    const address = memory.allocateString(new TextEncoder().encode(text));
    try {
      return this.#setItem(item, address);
    } finally {
      memory.free(address);
    }
  }

  /** The user that the modules settled on. */
  #settledUser(): PamResult {
    const out = new BigUint64Array(1);
    const status = this.#parts.libpam.pam_get_item(this.#handle, Item.USER, out);
    // The name is libpam's: it is copied here, before anything can change it.
    const bytes = status === Status.SUCCESS ? this.#parts.memory.readString(out[0]!) : null;
    const username = bytes === null ? null : readUtf8(bytes);
    return username === null ? { outcome: "unnamed" } : { outcome: "passed", username };
  }
}
