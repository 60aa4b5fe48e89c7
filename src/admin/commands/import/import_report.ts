import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
import type { Note } from "../../../migration/reading.ts";
import type { ImportAction, ImportPlan, PlannedUser } from "./import_plan.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import type { Screen, Tone } from "../../terminal/screen.ts";
import { instantOrNull, table } from "../../terminal/text.ts";

/** How many names are listed on a line. */
const MAX_NAMES = 5;

const TONES: Partial<Record<ImportAction, Tone>> = { conflict: "bad" };

/**
 * What an import would do, for people: users, what can't be imported, and what isn't carried over.
 */
export function importAsText(plan: ImportPlan, screen: Screen): string {
  return [
    plan.users.length === 0 ? "There are no users to import.\n" : usersAsText(plan.users, screen),
    plan.obstacles.length === 0 ? "" : "\nCannot be imported:\n" + table(
      ["USER", "FROM", "WHY"],
      plan.obstacles.map(({ username, from, reason }) => [username ?? "", from, reason]),
      screen,
    ),
    plan.notes.length === 0 ? "" : `\nNot carried over:\n${notesAsText(plan.notes)}`,
    plan.leftOut === 0 ? "" : `\nLeft out: ${counted(plan.leftOut, "entry", "entries")} of other ` +
      "issuers.\n",
  ].join("");
}

/** What an import would do, or did, for programs. It contains no secret and no recovery code. */
export function importAsJson(plan: ImportPlan, imported: boolean): Printed<"import"> {
  return {
    imported,
    users: plan.users.map(({ user, from, action, reason }) => ({
      username: user.username,
      action,
      reason,
      issuer: user.issuer,
      ...user.parameters,
      recoveryCodes: user.recoveryCodes.reveal().length,
      disabledAt: instantOrNull(user.disabledAt),
      from,
    })),
    obstacles: plan.obstacles.map(({ username, kind, reason, from }) => ({
      username,
      kind,
      reason,
      from,
    })),
    notes: plan.notes.map(({ username, text, from }) => ({ username, text, from })),
  };
}

function usersAsText(users: readonly PlannedUser[], screen: Screen): string {
  return table(
    ["USER", "ACTION", "CODES", "RECOVERY", "ISSUER", "FROM"],
    users.map(({ user, from, action, reason }) => [
      user.username,
      { text: reason === null ? action : `${action}: ${reason}`, tone: TONES[action] },
      `${user.parameters.algorithm}, ${user.parameters.digits} digits, ` +
      `${user.parameters.periodSeconds} s`,
      String(user.recoveryCodes.reveal().length),
      user.issuer ?? "",
      from,
    ]),
    screen,
  );
}

/** What applies to many users is said once. */
function notesAsText(notes: readonly Note[]): string {
  const users = new Map<string, string[]>();
  for (const { text, username } of notes) {
    const names = users.get(text);
    if (names === undefined) users.set(text, [username]);
    else names.push(username);
  }
  return [...users].map(([text, names]) => {
    const more = names.length - MAX_NAMES;
    const shown = names.slice(0, MAX_NAMES).map(printable).join(", ") +
      (more > 0 ? ` and ${more} more` : "");
    return `- ${printable(text)} (${shown})\n`;
  }).join("");
}
