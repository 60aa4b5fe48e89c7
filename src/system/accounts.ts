import { readUtf8 } from "../text/utf8.ts";
import { openLibrary } from "./libraries.ts";
import { type Address, cString, Memory } from "./memory.ts";

// Each has a table of its own: a login binds no function that it does not call.
const BY_NAME = {
  getpwnam: {
    parameters: [
      "buffer", // const char *name
    ],
    result: "usize", // struct passwd *
  },
} as const satisfies Deno.ForeignLibraryInterface;

const BY_ID = {
  getpwuid: {
    parameters: [
      "u32", // uid_t uid
    ],
    result: "usize", // struct passwd *
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** An account of the system. */
export interface SystemAccount {
  /**
   * The account's own name (`pw_name`): some services find accounts whatever the name's case, or by
   * an alias. Null if it is not UTF-8.
   */
  name: string | null;
  uid: number;
  gid: number;
}

/** The system's accounts, also after the process has given up foreign code. */
export class Accounts {
  readonly #libc = openLibrary("libc.so.6", BY_NAME).symbols;
  readonly #memory: Memory;

  /** @throws Failure `library_missing` */
  constructor(memory = new Memory()) {
    this.#memory = memory;
  }

  /**
   * Looks up an account in the system (files, directory services).
   *
   * @param username without NUL
   * @returns null if there is no such account
   */
  find(username: string): SystemAccount | null {
    return accountAt(this.#libc.getpwnam(cString(username)), this.#memory);
  }
}

let accounts: Accounts | undefined;
let byId: { memory: Memory; symbols: Deno.DynamicLibrary<typeof BY_ID>["symbols"] } | undefined;

/**
 * Looks up an account as {@link Accounts} does, in a process that may use foreign code.
 *
 * @throws Failure `library_missing`
 */
export function findAccount(username: string): SystemAccount | null {
  accounts ??= new Accounts();
  return accounts.find(username);
}

/**
 * Looks up the account that has a number; null if there is none.
 *
 * @throws Failure `library_missing`
 */
export function findAccountById(uid: number): SystemAccount | null {
  byId ??= { memory: new Memory(), symbols: openLibrary("libc.so.6", BY_ID).symbols };
  return accountAt(byId.symbols.getpwuid(uid), byId.memory);
}

/**
 * The name of the account that has this number; null if there is none, or its name is not UTF-8.
 *
 * @throws Failure `library_missing`
 */
export function accountName(uid: number): string | null {
  return findAccountById(uid)?.name ?? null;
}

/** Reads a `struct passwd { char *pw_name; char *pw_passwd; uid_t pw_uid; gid_t pw_gid; … }`. */
function accountAt(address: Address, memory: Memory): SystemAccount | null {
  const UID_OFFSET = 16;
  const GID_OFFSET = 20;
  if (address === 0n) return null;
  const account = memory.read(address, GID_OFFSET + 4);
  const name = memory.readString(memory.readAddress(address));
  return {
    name: name === null ? null : readUtf8(name),
    uid: account.getUint32(UID_OFFSET, true),
    gid: account.getUint32(GID_OFFSET, true),
  };
}
