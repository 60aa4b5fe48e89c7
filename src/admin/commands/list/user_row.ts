import type { EpochMs } from "../../../core/epoch.ts";
import { counted } from "../../../text/counted.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import type { Cell, Row } from "../../terminal/table.ts";
import { instant, instantOrNever, instantOrNull } from "../../terminal/text.ts";
import { exemptionAsJson, exemptionState } from "../../users/exemption_state.ts";
import { lastLoginOf, type ListedUser } from "../../users/listed_user.ts";

/** What {@link userRow} has a cell of. */
export const HEADINGS = ["USER", "ENROLLED", "LAST LOGIN", "PENDING", "STATE"];

/** A user for people. */
export function userRow(user: ListedUser, now: EpochMs): Row {
  return [
    user.username,
    user.enrolledAt === null ? "no" : instant(user.enrolledAt),
    instantOrNever(lastLoginOf(user)),
    String(user.pendingChallenges),
    stateOf(user, now),
  ];
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

/** A user for programs. */
export function userAsJson({ exemption, ...user }: ListedUser): Printed<"list"> {
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
