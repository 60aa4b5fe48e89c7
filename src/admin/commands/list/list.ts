import type { EpochMs } from "../../../core/epoch.ts";
import { counted } from "../../../text/counted.ts";
import type { AdminContext } from "../../context.ts";
import { exemptionAsJson, exemptionState } from "../../users/exemption_state.ts";
import { lastLoginOf, type ListedUser, matches, type UserFilter } from "../../users/listed_user.ts";
import { readUsers } from "../../users/read_users.ts";
import type { Cell } from "../../terminal/table.ts";
import { instant, instantOrNever, instantOrNull, json, table } from "../../terminal/text.ts";
import { readSpan } from "../../command_line/time.ts";
import type { ListOptions } from "./options.ts";
import { sorted } from "./user_order.ts";

/** `list`: the users who are enrolled or exempt, one per line. */
export async function list(
  context: AdminContext,
  { sort, reverse, idle, json: asksJson, ...filter }: ListOptions,
): Promise<void> {
  const asked: UserFilter = idle === undefined
    ? filter
    : { ...filter, idleMs: readSpan("--idle", idle) };
  const now = context.now();
  const all = await readUsers(context, now);
  const users = sorted(all.filter((user) => matches(user, asked, now)), sort, now);
  if (reverse) users.reverse();
  context.out(asksJson ? json(users.map(asJson)) : asText(context, all, users, now));
}

function asText(
  { screen }: AdminContext,
  all: readonly ListedUser[],
  users: readonly ListedUser[],
  now: EpochMs,
): string {
  if (all.length === 0) return "No user is enrolled.\n";
  if (users.length === 0) {
    return `No users match (${all.length} in total).\n`;
  }
  return table(
    ["USER", "ENROLLED", "LAST LOGIN", "PENDING", "STATE"],
    users.map((user) => [
      user.username,
      user.enrolledAt === null ? "no" : instant(user.enrolledAt),
      instantOrNever(lastLoginOf(user)),
      String(user.pendingChallenges),
      stateOf(user, now),
    ]),
    screen,
  );
}

/** All that is unusual about a user; the tone is that of the worst. */
function stateOf(user: ListedUser, now: EpochMs): Cell {
  const { disabledAt, lockedUntil, wrongCodes, exemption } = user;
  const states: Required<Cell>[] = [];
  if (disabledAt !== null) states.push({ text: "disabled", tone: "bad" });
  if (lockedUntil !== null) {
    states.push({ text: `locked until ${instant(lockedUntil)}`, tone: "bad" });
  }
  if (wrongCodes > 0) {
    const text = counted(wrongCodes, "wrong code");
    states.push({ text, tone: "doubtful" });
  }
  if (exemption !== null) {
    states.push(exemptionState(exemption, now));
  }
  return { text: states.map(({ text }) => text).join(", "), tone: states[0]?.tone };
}

function asJson({ exemption, ...user }: ListedUser) {
  return {
    username: user.username,
    issuer: user.issuer,
    enrolledAt: instantOrNull(user.enrolledAt),
    lastLoginAt: instantOrNull(user.lastLoginAt),
    lastUncodedLoginAt: instantOrNull(user.lastUncodedLoginAt),
    pendingChallenges: user.pendingChallenges,
    disabledAt: instantOrNull(user.disabledAt),
    lockedUntil: instantOrNull(user.lockedUntil),
    wrongCodes: user.wrongCodes,
    recoveryCodesLeft: user.recoveryCodesLeft,
    ...exemptionAsJson(exemption),
  };
}
