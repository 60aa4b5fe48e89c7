import { Failure } from "../core/failure.ts";
import { messageOf } from "../text/message_of.ts";
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
interface Ids {
  uid: number;
  gid: number;
  groups: readonly number[];
}

/** The largest number of groups that a process may have (NGROUPS_MAX in limits.h). */
const MAX_GROUPS = 65536;

let libc: Deno.DynamicLibrary<typeof IDS>["symbols"] | undefined;
/** The ids that the process began with; null while it has them. */
let own: Ids | null = null;
let acting: Ids | null = null;

/** The user whose rights this process has on files; null where the system has no users. */
export function actingUid(): number | null {
  return acting?.uid ?? Deno.uid();
}

/** Says whether this process, which root started, acts as another user. */
export function isActingForAnother(): boolean {
  return acting !== null;
}

/**
 * Gives root's process the rights of another user (effective ids, no other groups), in all of its
 * threads. Whatever that user has put in a path then does to files only what that user could do.
 *
 * The real user stays root, so the other user can neither send the process signals nor trace it.
 *
 * @throws Failure `untrusted_path` where that is not possible; nothing may be opened then
 */
export function actAs(uid: number): void {
  const libc = symbols();
  const SECBIT_NO_SETUID_FIXUP = 4;
  const PR_GET_SECUREBITS = 27;
  const account = findAccountById(uid);
  if (account === null) throw cannotAct(uid, "there is no such account");
  // With this bit, the process would keep root's capabilities.
  if ((libc.prctl(PR_GET_SECUREBITS, 0n) & SECBIT_NO_SETUID_FIXUP) !== 0) {
    throw cannotAct(uid, "its capabilities are fixed (securebits)");
  }
  own ??= { uid: libc.geteuid(), gid: libc.getegid(), groups: groupsNow() };
  const ids = { uid, gid: account.gid, groups: [account.gid] };
  try {
    change(ids);
  } catch (error) {
    throw cannotAct(uid, messageOf(error));
  }
  acting = ids;
}

/**
 * Takes back what {@link actAs} did.
 *
 * @throws Error when the system refuses
 */
export function actAsCaller(): void {
  if (own === null || acting === null) return;
  change(own);
  acting = null;
}

/**
 * Runs work with another user's rights; see {@link actAs}. Nothing else may run meanwhile.
 *
 * @throws Failure `untrusted_path`, and what the work throws
 */
export async function whileActingAs<T>(uid: number, work: () => Promise<T>): Promise<T> {
  actAs(uid);
  try {
    return await work();
  } finally {
    actAsCaller();
  }
}

/** Runs work with the rights of the user who called the program: for the files that a caller names. */
export function asCaller<T>(work: () => T): T {
  if (own === null || acting === null) return work();
  const ids = acting;
  actAsCaller();
  try {
    return work();
  } finally {
    change(ids);
    acting = ids;
  }
}

/** Only root may change groups, so root's user comes back first. */
function change({ uid, gid, groups }: Ids): void {
  const libc = symbols();
  const PR_SET_DUMPABLE = 4;
  const list = Uint32Array.from(groups);
  if (libc.geteuid() !== 0) must("seteuid", libc.seteuid(0));
  must("setgroups", libc.setgroups(BigInt(list.length), new Uint8Array(list.buffer)));
  must("setegid", libc.setegid(gid));
  must("seteuid", libc.seteuid(uid));
  // The kernel forgets it when ids change (PR_SET_DUMPABLE in prctl(2)).
  libc.prctl(PR_SET_DUMPABLE, 0n);
  const now = groupsNow();
  const isSame = libc.geteuid() === uid && libc.getegid() === gid &&
    now.length === groups.length && now.every((group) => groups.includes(group));
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

function cannotAct(uid: number, why: string): Failure {
  return new Failure(
    "untrusted_path",
    `cannot act as uid ${uid}, to whom the database or a directory above it belongs: ${why}; run ` +
      "openvpn-totp as that user (sudo -u)",
  );
}
