import type { Enrolment } from "../../../core/enrolment.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import type { Printed, PrintedAlso } from "../../json_fields/json_fields.ts";
import { heldCodesOf } from "../../users/held_codes.ts";
import { requireEnrolment } from "../../users/require_user.ts";
import { exemptionAsJson } from "../../users/exemption_state.ts";
import { type Handout, handoutOf } from "../../handout/handout.ts";
import {
  makeHandoutFiles,
  requireHandoutOptions,
  wantsHandout,
} from "../../handout/handout_files.ts";
import { instant, instantOrNull, json } from "../../terminal/text.ts";
import type { ShowOptions } from "./options.ts";
import { stateAsText, type UserState } from "./user_state.ts";

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
    options.json
      ? asJson(state, secret)
      : stateAsText(state, secret, context.screen, context.now()),
  );
}

function readState(context: AdminContext, username: string): Promise<UserState> {
  return withStore(context, { create: false }, async (store) => {
    const enrolment = await requireEnrolment(store, username);
    const exemptions = await store.exemptions();
    return {
      enrolment,
      ...heldCodesOf(enrolment, await store.placeCodes(username), context.now()),
      challenges: await store.openChallenges(context.now(), username),
      exemption: exemptions.find((one) => one.username === username) ?? null,
    };
  });
}

/** Without recovery codes: they can't be told from what is kept of them. */
async function handoutAgain(context: AdminContext, enrolment: Enrolment): Promise<Handout> {
  const secret = await openVault(context).open(enrolment);
  return handoutOf({ ...enrolment, secret, recoveryCodes: [] });
}

function asJson(
  { enrolment, lockedUntil, wrongCodes, challenges, exemption }: UserState,
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
    wrongCodes,
    lockedUntil: instantOrNull(lockedUntil),
    ...exemptionAsJson(exemption),
    pendingChallenges: challenges.map((challenge) => ({
      loginName: challenge.loginName,
      commonName: challenge.commonName,
      address: challenge.address,
      createdAt: instant(challenge.createdAt),
      expiresAt: instant(challenge.expiresAt),
    })),
    ...revealed === null ? {} : secretOf(revealed),
  } satisfies Printed<"show">;
  return json(shown);
}

function secretOf({ secret, uri }: Handout): PrintedAlso<"show"> {
  return { secret, uri };
}
