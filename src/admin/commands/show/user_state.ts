import type { Challenge } from "../../../core/challenge.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import type { EpochMs } from "../../../core/epoch.ts";
import type { Exemption } from "../../../core/exemption.ts";
import type { Handout } from "../../handout/handout.ts";
import type { Screen } from "../../terminal/screen.ts";
import { instant, instantOrNever, type Pair, pairs } from "../../terminal/text.ts";
import type { HeldCodes } from "../../users/held_codes.ts";
import { exemptionState } from "../../users/exemption_state.ts";

/** All that is known about a user. */
export interface UserState extends HeldCodes {
  enrolment: Enrolment;
  challenges: readonly Challenge[];
  exemption: Exemption | null;
}

/**
 * What is known about a user, for people.
 *
 * @param revealed the secret, if it is to be shown
 */
export function stateAsText(
  state: UserState,
  revealed: Handout | null,
  screen: Screen,
  now: EpochMs,
): string {
  const secret: Pair[] = revealed === null
    ? []
    : [["Secret", revealed.secret], ["Provisioning URI", revealed.uri]];
  return pairs([...enrolmentPairs(state.enrolment), ...statePairs(state, now), ...secret], screen);
}

function enrolmentPairs(
  { username, issuer, parameters, enrolledAt, lastLoginAt, uncodedLoginAt }: Enrolment,
): Pair[] {
  const { algorithm, digits, periodSeconds } = parameters;
  const found: Pair[] = [
    ["User", username],
    ["Issuer", issuer],
    ["Parameters", `${digits} digits, ${periodSeconds} seconds, ${algorithm}`],
    ["Enrolled", instant(enrolledAt)],
    ["Last login", instantOrNever(lastLoginAt)],
  ];
  if (uncodedLoginAt !== null) found.push(["Last login without a code", instant(uncodedLoginAt)]);
  return found;
}

function statePairs(
  { enrolment, lockedUntil, wrongCodes, challenges, exemption }: UserState,
  now: EpochMs,
): Pair[] {
  const { disabledAt, recoveryCodes } = enrolment;
  const found: Pair[] = [];
  if (disabledAt !== null) {
    found.push(["Disabled", `since ${instant(disabledAt)} (openvpn-totp enable USER)`, "bad"]);
  }
  if (exemption !== null) {
    const { text, tone } = exemptionState(exemption, now);
    found.push(["Without a code", `${text} (openvpn-totp exempt --end USER)`, tone]);
  }
  const lock: Pair = lockedUntil === null
    ? ["Codes", `not locked, ${wrongCodes} wrong in a row`]
    : ["Codes", `locked until ${instant(lockedUntil)} (openvpn-totp unlock USER)`, "bad"];
  const pending = challenges.map(toldChallenge).join(", ") || "none";
  found.push(lock, ["Recovery codes", `${recoveryCodes} left`], ["Pending challenge", pending]);
  return found;
}

function toldChallenge({ expiresAt, address, commonName }: Challenge): string {
  return [
    `until ${instant(expiresAt)}`,
    address === null ? "" : ` from ${address}`,
    commonName === null ? "" : ` (${commonName})`,
  ].join("");
}
