import type { EpochMs } from "../../../core/epoch.ts";
import { lockEnd } from "../../../core/lockout.ts";
import type { Exemption } from "../../../core/exemption.ts";
import type { Challenge } from "../../../core/challenge.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import { requireEnrolment } from "../../users/require_user.ts";
import { exemptionAsJson, exemptionState } from "../../users/exemption_state.ts";
import { type Handout, handoutOf } from "../../handout/handout.ts";
import {
  makeHandoutFiles,
  requireHandoutOptions,
  wantsHandout,
} from "../../handout/handout_files.ts";
import type { Screen } from "../../terminal/screen.ts";
import {
  instant,
  instantOrNever,
  instantOrNull,
  json,
  type Pair,
  pairs,
} from "../../terminal/text.ts";
import type { ShowOptions } from "./options.ts";

/** `show USER`: one enrolment; the secret, and files with it, only on request. */
export async function show(
  context: AdminContext,
  username: string,
  options: ShowOptions,
): Promise<void> {
  requireHandoutOptions(options);
  const state = await readState(context, username);
  const { enrolment } = state;
  const handout = options.secret || wantsHandout(options)
    ? await handoutAgain(context, enrolment)
    : null;
  if (handout) makeHandoutFiles(options, handout).keep();
  const secret = options.secret ? handout : null;
  context.out(
    options.json ? asJson(state, secret) : asText(state, secret, context.screen, context.now()),
  );
}

/** All that is known about a user. */
interface UserState {
  enrolment: Enrolment;
  /** Null without a lock. */
  lockedUntil: EpochMs | null;
  challenges: readonly Challenge[];
  exemption: Exemption | null;
}

function readState(
  context: AdminContext,
  username: string,
): Promise<UserState> {
  return withStore(context, { create: false }, async (store) => {
    const enrolment = await requireEnrolment(store, username);
    const exemptions = await store.exemptions();
    return {
      enrolment,
      lockedUntil: lockEnd(enrolment.failures, context.now()),
      challenges: await store.openChallenges(context.now(), username),
      exemption: exemptions.find((one) => one.username === username) ?? null,
    };
  });
}

/** Without recovery codes: they can't be told from what is kept of them. */
async function handoutAgain(
  context: AdminContext,
  enrolment: Enrolment,
): Promise<Handout> {
  const secret = await openVault(context).open(enrolment);
  return handoutOf({ ...enrolment, secret, recoveryCodes: [] });
}

function asJson(
  { enrolment, lockedUntil, challenges, exemption }: UserState,
  revealed: Handout | null,
): string {
  const { username, issuer, enrolledAt, lastLoginAt } = enrolment;
  const shown = {
    username,
    issuer,
    ...enrolment.parameters,
    enrolledAt: instant(enrolledAt),
    lastLoginAt: instantOrNull(lastLoginAt),
    lastUncodedLoginAt: instantOrNull(enrolment.uncodedLoginAt),
    disabledAt: instantOrNull(enrolment.disabledAt),
    recoveryCodesLeft: enrolment.recoveryCodes,
    wrongCodes: enrolment.failures.count,
    lockedUntil: instantOrNull(lockedUntil),
    ...exemptionAsJson(exemption),
    pendingChallenges: challenges.map((challenge) => ({
      loginName: challenge.loginName,
      commonName: challenge.commonName,
      address: challenge.address,
      createdAt: instant(challenge.createdAt),
      expiresAt: instant(challenge.expiresAt),
    })),
    ...revealed === null ? {} : { secret: revealed.secret, uri: revealed.uri },
  };
  return json(shown);
}

function asText(
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
  { enrolment, lockedUntil, challenges, exemption }: UserState,
  now: EpochMs,
): Pair[] {
  const { disabledAt, failures, recoveryCodes } = enrolment;
  const found: Pair[] = [];
  if (disabledAt !== null) {
    found.push(["Disabled", `since ${instant(disabledAt)} (openvpn-totp enable USER)`, "bad"]);
  }
  if (exemption !== null) {
    const { text, tone } = exemptionState(exemption, now);
    found.push(["Without a code", `${text} (openvpn-totp exempt --end USER)`, tone]);
  }
  const lock: Pair = lockedUntil === null
    ? ["Codes", `not locked, ${failures.count} wrong in a row`]
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
