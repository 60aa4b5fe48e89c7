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

/**
 * Says whether the system (files, directory services) knows an account.
 *
 * @throws Failure `library_missing`
 */
export function hasAccount(username: string): boolean {
  return findAccount(username) !== null;
}

/**
 * Looks up an account in the system (files, directory services); null when there is none.
 *
 * @throws Failure `library_missing`
 */
export function findAccount(username: string): { uid: number; gid: number } | null {
  // struct passwd { char *pw_name; char *pw_passwd; uid_t pw_uid; gid_t pw_gid; … }
  const UID_OFFSET = 16;
  const GID_OFFSET = 20;
  const { getpwnam } = openLibrary("libc.so.6", ACCOUNTS).symbols;
  const found = getpwnam(cString(username));
  if (found === 0n) return null;
  const account = new Memory().read(found, GID_OFFSET + 4);
  return {
    uid: account.getUint32(UID_OFFSET, true),
    gid: account.getUint32(GID_OFFSET, true),
  };
}

/**
 * The account that has this number; null where there is none. Its name is null where it is not UTF-8.
 *
 * @throws Failure `library_missing`
 */
export function findAccountById(uid: number): { name: string | null; gid: number } | null {
  // struct passwd { char *pw_name; char *pw_passwd; uid_t pw_uid; gid_t pw_gid; … }
  const GID_OFFSET = 20;
  const found = openLibrary("libc.so.6", ACCOUNTS).symbols.getpwuid(uid);
  if (found === 0n) return null;
  const memory = new Memory();
  const name = memory.readString(memory.readAddress(found));
  return {
    name: name === null ? null : readUtf8(name),
    gid: memory.read(found, GID_OFFSET + 4).getUint32(GID_OFFSET, true),
  };
}

/**
 * The name of the account that has this number; null where there is none, or its name is not UTF-8.
 *
 * @throws Failure `library_missing`
 */
export function accountName(uid: number): string | null {
  return findAccountById(uid)?.name ?? null;
}
