import { findAccountById } from "./accounts.ts";
import { openLibrary } from "./libraries.ts";

// The C library's functions rather than system calls: these change only the thread that makes them,
// while the functions change all threads, and a thread made later has the ids of its maker.
const IDS = {
  seteuid: {
    parameters: [
      "u32", // uid_t euid
    ],
    result: "i32", // int
  },
  setegid: {
    parameters: [
      "u32", // gid_t egid
    ],
    result: "i32", // int
  },
  setgroups: {
    parameters: [
      "usize", // size_t size
      "buffer", // const gid_t *list
    ],
    result: "i32", // int
  },
  geteuid: { parameters: [], result: "u32" }, // uid_t
  getegid: { parameters: [], result: "u32" }, // gid_t
  getgroups: {
    parameters: [
      "i32", // int size
      "buffer", // gid_t *list
    ],
    result: "i32", // int
  },
  prctl: {
    parameters: [
      "i32", // int option
      "usize", // ..., one unsigned long here
    ],
    result: "i32", // int
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Whose rights a process has on files. */
export interface Ids {
  uid: number;
  gid: number;
  groups: readonly number[];
}

/** The largest number of groups that a process may have (NGROUPS_MAX in limits.h). */
const MAX_GROUPS = 65536;

let libc: Deno.DynamicLibrary<typeof IDS>["symbols"] | undefined;
/** The users that were looked up; null for one that the system does not have. */
const users = new Map<number, Ids | null>();

/**
 * Binds what the functions here need, in a process that gives up foreign code afterwards, and looks up
 * a user for {@link idsOf}.
 *
 * @throws Failure `library_missing`
 */
export function prepareIds(uid: number): void {
  symbols();
  idsOf(uid);
}

/**
 * A user's ids: of groups, the main one alone. Null if the system has no such user.
 *
 * @throws Failure `library_missing`
 */
export function idsOf(uid: number): Ids | null {
  let ids = users.get(uid);
  if (ids === undefined) {
    const account = findAccountById(uid);
    ids = account === null ? null : { uid, gid: account.gid, groups: [account.gid] };
    users.set(uid, ids);
  }
  return ids;
}

/** The effective ids of this process. */
export function currentIds(): Ids {
  const libc = symbols();
  return { uid: libc.geteuid(), gid: libc.getegid(), groups: groupsNow() };
}

/** Says whether this process would keep root's capabilities as another user (securebits). */
export function areCapabilitiesFixed(): boolean {
  const SECBIT_NO_SETUID_FIXUP = 4;
  const PR_GET_SECUREBITS = 27;
  return (symbols().prctl(PR_GET_SECUREBITS, 0n) & SECBIT_NO_SETUID_FIXUP) !== 0;
}

/**
 * Changes the effective ids in all threads of a process that root started, and makes sure of it.
 *
 * @throws Error when the system refuses; which ids the process then has is unknown
 */
export function changeIds({ uid, gid, groups }: Ids): void {
  const libc = symbols();
  const PR_SET_DUMPABLE = 4;
  const list = Uint32Array.from(groups);
  // Only root may change groups, so root's user comes back first.
  if (libc.geteuid() !== 0) must("seteuid", libc.seteuid(0));
  must("setgroups", libc.setgroups(BigInt(list.length), new Uint8Array(list.buffer)));
  must("setegid", libc.setegid(gid));
  must("seteuid", libc.seteuid(uid));
  // The kernel forgets it when ids change (PR_SET_DUMPABLE in prctl(2)).
  libc.prctl(PR_SET_DUMPABLE, 0n);
  const now = currentIds();
  const isSame = now.uid === uid && now.gid === gid && now.groups.length === groups.length &&
    now.groups.every((group) => groups.includes(group));
  if (!isSame) throw new Error("the system did not change the ids");
}

function groupsNow(): number[] {
  const list = new Uint32Array(MAX_GROUPS);
  const count = symbols().getgroups(MAX_GROUPS, new Uint8Array(list.buffer));
  must("getgroups", count);
  return [...list.subarray(0, count)];
}

function must(name: string, result: number): void {
  if (result < 0) throw new Error(`${name} failed`);
}

function symbols(): Deno.DynamicLibrary<typeof IDS>["symbols"] {
  return libc ??= openLibrary("libc.so.6", IDS).symbols;
}
