import { counted } from "../text/counted.ts";
import type { Credentials } from "../core/credentials.ts";
import type { Redacted } from "../text/redacted.ts";
import { letThreadRest } from "../system/thread_rest.ts";
import { type Reason, refused } from "../core/verdict.ts";
import { type Address, ADDRESS_BYTES, cString, Memory } from "../system/memory.ts";
import { Flag, Item, type Libpam, openLibpam, Pam, pamStatusName } from "./libpam.ts";
import type { FirstFactorResult as PrimaryResult } from "../login/first_factor.ts";
import { Conversation, noDelay } from "./conversation.ts";

/** PAM_TTY: logins over OpenVPN have no terminal, but modules want a name (as sshd's "ssh"). */
const TTY = "openvpn";

/** Return values of pam_authenticate(3) that are the user's doing, not the system's. */
const WRONG_PASSWORD: readonly number[] = [
  Pam.AUTH_ERR,
  Pam.USER_UNKNOWN,
  Pam.PERM_DENIED,
  Pam.MAXTRIES,
];

/** Username and password checked by PAM, the system's way (pam(3)), one call at a time. */
export class PamAuthentication {
  readonly #service: string;
  readonly #timeoutSeconds: number;
  readonly #memory: Memory;
  readonly #libpam: Libpam;
  readonly #conversation: Conversation;
  readonly #noDelay: Address;
  /** Where libpam puts a pointer that it gives. */
  readonly #out: Address;

  /**
   * Loads what it needs at once; the process may give up foreign code afterwards.
   *
   * @param service name of a file in /etc/pam.d
   * @param timeoutSeconds how long PAM's modules may take; afterwards they are left to themselves, and
   *   end with the process
   * @throws Failure `library_missing`
   */
  constructor(service: string, timeoutSeconds: number) {
    this.#service = service;
    this.#timeoutSeconds = timeoutSeconds;
    this.#memory = new Memory();
    this.#libpam = openLibpam();
    this.#conversation = new Conversation(this.#memory);
    this.#noDelay = noDelay();
    this.#out = this.#memory.allocate(ADDRESS_BYTES);
  }

  authenticate(
    loginName: string,
    password: Redacted<Uint8Array<ArrayBuffer>>,
    address: string | null,
  ): Promise<PrimaryResult> {
    const credentials = { username: loginName, password };
    return this.#transaction(
      loginName,
      credentials,
      address,
      (handle) => this.#authenticate(handle),
    );
  }

  checkAccount(
    loginName: string,
    address: string | null,
  ): Promise<PrimaryResult> {
    return this.#transaction(
      loginName,
      null,
      address,
      (handle) => this.#account(handle),
    );
  }

  /**
   * Begins and ends a transaction that asks for nobody's password.
   *
   * @returns what libpam has against it, or null
   */
  probe(): string | null {
    this.#memory.writeAddress(this.#out, 0n);
    const status = this.#start("root");
    const handle = this.#memory.readAddress(this.#out);
    if (status !== Pam.SUCCESS || handle === 0n) return pamStatusName(status);
    this.#libpam.pam_end(handle, Pam.SUCCESS);
    return null;
  }

  #start(loginName: string): number {
    return this.#libpam.pam_start(
      cString(this.#service),
      cString(loginName),
      this.#conversation.structure,
      this.#out,
    );
  }

  async #authenticate(handle: Address): Promise<PrimaryResult> {
    const status = await this.#libpam.pam_authenticate(
      handle,
      Flag.SILENT | Flag.DISALLOW_NULL_AUTHTOK,
    );
    if (status !== Pam.SUCCESS) {
      const isUsersDoing = WRONG_PASSWORD.includes(status);
      return this.#refused(
        isUsersDoing ? "wrong_password" : "pam_error",
        status,
      );
    }
    letThreadRest();
    return await this.#account(handle);
  }

  async #account(handle: Address): Promise<PrimaryResult> {
    const status = await this.#libpam.pam_acct_mgmt(handle, Flag.SILENT);
    if (status !== Pam.SUCCESS) {
      return this.#refused("account_refused", status);
    }
    const username = this.#getUsername(handle);
    return username === null
      ? refused("pam_error", "PAM names no user, or not in UTF-8")
      : { outcome: "passed", username };
  }

  /** Runs `work` between pam_start and pam_end, with everything set that modules look at. */
  async #transaction(
    loginName: string,
    credentials: Credentials | null,
    address: string | null,
    work: (handle: Address) => Promise<PrimaryResult>,
  ): Promise<PrimaryResult> {
    this.#memory.writeAddress(this.#out, 0n);
    const started = this.#start(loginName);
    const handle = this.#memory.readAddress(this.#out);
    if (started !== Pam.SUCCESS || handle === 0n) {
      return refused("pam_error", `pam_start: ${pamStatusName(started)}`);
    }
    const result = await withinSeconds(
      this.#timeoutSeconds,
      this.#conversation.during(credentials, async () => {
        const status = this.#setItems(handle, address);
        return status === Pam.SUCCESS ? await work(handle) : this.#refused("pam_error", status);
      }),
    );
    // A module that hasn't answered still works on the transaction: pam_end would pull it away.
    if (result === null) return this.#noAnswer();
    this.#libpam.pam_end(handle, Pam.SUCCESS);
    return result;
  }

  /** Gives the first failure's status. */
  #setItems(handle: Address, address: string | null): number {
    const items: [item: number, value: Address][] = [
      [Item.TTY, this.#text(TTY)],
      [Item.FAIL_DELAY, this.#noDelay],
    ];
    if (address !== null) items.push([Item.RHOST, this.#text(address)]);
    for (const [item, value] of items) {
      const status = this.#libpam.pam_set_item(handle, item, value);
      if (status !== Pam.SUCCESS) return status;
    }
    return Pam.SUCCESS;
  }

  /** libpam makes a copy of its own; this one is left to the process's end. */
  #text(text: string): Address {
    return this.#memory.allocateString(new TextEncoder().encode(text));
  }

  /** The name that the modules settled on; directory services may have changed its case. */
  #getUsername(handle: Address): string | null {
    const status = this.#libpam.pam_get_item(handle, Item.USER, this.#out);
    if (status !== Pam.SUCCESS) return null;
    const name = this.#memory.readAddress(this.#out);
    const bytes = this.#memory.readString(name);
    if (bytes === null) return null;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        .decode(bytes);
    } catch {
      return null;
    }
  }

  #refused(reason: Reason, status: number): PrimaryResult {
    const name = pamStatusName(status);
    return refused(
      reason,
      `PAM service ${this.#service}: ${name}${adviceFor(Deno.uid())}`,
    );
  }

  #noAnswer(): PrimaryResult {
    const limit = this.#timeoutSeconds;
    return refused(
      "pam_error",
      `PAM service ${this.#service}: no answer within ${
        counted(limit, "second")
      }: find the module in pam.d/${this.#service} that waits ` +
        "(for a directory server?), or raise totpPamTimeout",
    );
  }
}

/** pam_unix(8) checks other users' passwords for root alone, and says no more than "wrong". */
function adviceFor(uid: number | null): string {
  if (uid === 0) return "";
  return `; as uid ${uid}, PAM may be able to check no password: take \`user\` and \`group\` out of ` +
    "OpenVPN's configuration, or set totpPrimaryAuth external";
}

/** What a promise gives, or null when it hasn't by then. */
async function withinSeconds<T>(
  seconds: number,
  promise: Promise<T>,
): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(late.resolve, seconds * 1000, null);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
