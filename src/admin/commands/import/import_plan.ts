import type { ImportedUser, Note, Obstacle } from "../../../migration/reading.ts";
import type { Source } from "./import_sources.ts";
import type { ImportOptions } from "./options.ts";

/** What happens to a user. */
export type ImportAction = "new" | "replaced" | "left" | "conflict";

/** A user of a source, and what happens to that user. */
export interface PlannedUser {
  user: ImportedUser;
  /** Where the user is listed: file and place. */
  from: string;
  action: ImportAction;
  /** Why it is a conflict. */
  reason: string | null;
}

/** What an import would do. */
export interface ImportPlan {
  users: PlannedUser[];
  obstacles: (Obstacle & { from: string })[];
  notes: (Note & { from: string })[];
  /** How many entries have another issuer than the chosen one. */
  leftOut: number;
}

/**
 * Decides what happens to each user. A user who is listed twice with the same data counts once.
 *
 * @param enrolled usernames of those who are enrolled
 */
export function planImport(
  sources: readonly Source[],
  enrolled: ReadonlySet<string>,
  options: ImportOptions,
): ImportPlan {
  const byName = new Map<string, PlannedUser>();
  const plan: ImportPlan = { users: [], obstacles: [], notes: [], leftOut: 0 };
  for (const { file, reading } of sources) {
    plan.leftOut += reading.leftOut;
    const from = ({ place }: { place: string }) => `${file}, ${place}`;
    for (const user of reading.users) {
      const earlier = byName.get(user.username);
      if (earlier !== undefined) {
        markDifference(earlier, user, from(user));
        continue;
      }
      const planned = { user, from: from(user), ...actionFor(user, enrolled, options) };
      byName.set(user.username, planned);
      plan.users.push(planned);
    }
    for (const one of reading.obstacles) {
      plan.obstacles.push({ ...one, from: from(one) });
    }
    for (const one of reading.notes) {
      plan.notes.push({ ...one, from: from(one) });
    }
  }
  return plan;
}

/** How many things keep the plan from being carried out. Even one keeps back the whole plan. */
export function blockersOf(
  { users, obstacles }: ImportPlan,
  options: ImportOptions,
): { conflicts: number; unreadable: number; uncarried: number } {
  const count = (kind: Obstacle["kind"]) =>
    obstacles.filter((obstacle) => obstacle.kind === kind).length;
  return {
    conflicts: users.filter(({ action }) => action === "conflict").length,
    unreadable: count("unreadable"),
    uncarried: options.skipUncarried ? 0 : count("uncarried"),
  };
}

function actionFor(
  { username }: ImportedUser,
  enrolled: ReadonlySet<string>,
  { replace, skipEnrolled }: ImportOptions,
): Pick<PlannedUser, "action" | "reason"> {
  if (!enrolled.has(username)) return { action: "new", reason: null };
  if (replace) return { action: "replaced", reason: null };
  if (skipEnrolled) return { action: "left", reason: null };
  return { action: "conflict", reason: "already enrolled: use --replace or --skip-enrolled" };
}

function markDifference(planned: PlannedUser, again: ImportedUser, from: string): void {
  if (isSame(planned.user, again)) return;
  planned.action = "conflict";
  planned.reason = `listed twice with different data, also in ${from}: keep one of them`;
}

/** A different issuer doesn't matter: no login would notice it. */
function isSame(one: ImportedUser, other: ImportedUser): boolean {
  const told = ({ secret, parameters, recoveryCodes, disabledAt }: ImportedUser) =>
    JSON.stringify([
      [...secret.reveal()],
      [parameters.algorithm, parameters.digits, parameters.periodSeconds],
      recoveryCodes.reveal(),
      disabledAt,
    ]);
  return told(one) === told(other);
}
