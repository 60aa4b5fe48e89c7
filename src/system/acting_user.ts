import { Failure } from "../core/failure.ts";
import { messageOf } from "../text/message_of.ts";
import { areCapabilitiesFixed, changeIds, currentIds, type Ids, idsOf } from "./user_ids.ts";

/** The ids that the process began with; null as long as they were never changed. */
let own: Ids | null = null;
/** The other user's ids, while the process has them. */
let acting: Ids | null = null;
/** Why the ids may not be changed any more; null while they may. */
let objection: string | null = null;

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
 * A process that has given up foreign code must have prepared for it before (`prepareIds`).
 *
 * @throws Failure `untrusted_path` where that is not possible; nothing may be opened then
 */
export function actAs(uid: number): void {
  const ids = idsOf(uid);
  if (ids === null) throw cannotAct(uid, "there is no such account");
  // With that, the process would keep root's capabilities.
  if (areCapabilitiesFixed()) throw cannotAct(uid, "its capabilities are fixed (securebits)");
  try {
    own ??= currentIds();
    become(ids);
  } catch (error) {
    throw cannotAct(uid, messageOf(error));
  }
}

/**
 * Takes back what {@link actAs} did.
 *
 * @throws Error when the system refuses
 */
function actAsCaller(): void {
  if (own === null || acting === null) return;
  become(own);
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

/**
 * Runs work with the rights of the user who called the program: for the files that a caller names. Work
 * that takes its time is for {@link whileActingAsCaller}: here the rights are gone when it returns.
 */
export function asCaller<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
  if (own === null || acting === null) return work();
  const ids = acting;
  actAsCaller();
  try {
    return work();
  } finally {
    become(ids);
  }
}

/**
 * Runs work, which may take its time, with the rights of the user who called the program, in all
 * threads. Nothing else may run meanwhile.
 *
 * @param mayGoOn says, after the work, whether the process may go on as the other user. It may not while
 *   foreign code is still at work in a thread: its rights would change in the middle of what it does.
 * @throws RightsKept if it may not: the process then has its caller's rights to its end, and does
 *   nothing as another user any more; and what the work throws
 */
export async function whileActingAsCaller<T>(
  work: () => Promise<T>,
  mayGoOn: () => boolean,
): Promise<T> {
  if (own === null || acting === null) return await work();
  const ids = acting;
  actAsCaller();
  try {
    const result = await work();
    if (!mayGoOn()) throw new RightsKept();
    return result;
  } finally {
    if (mayGoOn()) become(ids);
    else objection = "foreign code is still at work";
  }
}

/** What {@link whileActingAsCaller} throws when the process must not go on as another user. */
export class RightsKept extends Error {
  constructor() {
    super("the process keeps its caller's rights");
  }
}

/** After an attempt that failed half way, there is no other one. */
function become(ids: Ids): void {
  if (objection !== null) throw new Error(objection);
  acting = null;
  try {
    changeIds(ids);
  } catch (error) {
    objection = "an attempt has failed before";
    throw error;
  }
  if (ids !== own) acting = ids;
}

function cannotAct(uid: number, why: string): Failure {
  return new Failure(
    "untrusted_path",
    `cannot act as uid ${uid}, to whom the database or a directory above it belongs: ${why}; run ` +
      "openvpn-totp as that user (sudo -u), or choose another place (--db, totpTokenDbPath)",
  );
}
