import { readUtf8 } from "../text/utf8.ts";
import { openLibrary } from "./libraries.ts";
import { cString, Memory } from "./memory.ts";

const ACCOUNTS = {
  getpwnam: {
    parameters: [
      "buffer", // const char *name
    ],
    result: "usize", // struct passwd *
  },
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
   * The account's own name (`pw_name`): directory services may find it by another spelling as well.
   * Null if it is not UTF-8.
   */
  name: string | null;
  uid: number;
  gid: number;
}

/**
 * Looks up an account in the system (files, directory services); null when there is none.
 *
 * @throws Failure `library_missing`
 */
export function findAccount(username: string): SystemAccount | null {
  const found = openLibrary("libc.so.6", ACCOUNTS).symbols.getpwnam(cString(username));
  return found === 0n ? null : accountAt(found);
}

/**
 * Looks up the account that has a number; null when there is none.
 *
 * @throws Failure `library_missing`
 */
export function findAccountById(uid: number): SystemAccount | null {
  const found = openLibrary("libc.so.6", ACCOUNTS).symbols.getpwuid(uid);
  return found === 0n ? null : accountAt(found);
}

/**
 * The name of the account that has this number; null where there is none, or its name is not UTF-8.
 *
 * @throws Failure `library_missing`
 */
export function accountName(uid: number): string | null {
  return findAccountById(uid)?.name ?? null;
}

/** Reads a `struct passwd { char *pw_name; char *pw_passwd; uid_t pw_uid; gid_t pw_gid; … }`. */
function accountAt(address: bigint): SystemAccount {
  const UID_OFFSET = 16;
  const GID_OFFSET = 20;
  const memory = new Memory();
  const account = memory.read(address, GID_OFFSET + 4);
  const name = memory.readString(memory.readAddress(address));
  return {
    name: name === null ? null : readUtf8(name),
    uid: account.getUint32(UID_OFFSET, true),
    gid: account.getUint32(GID_OFFSET, true),
  };
}
