import { shownRecoveryCode } from "../../../core/code.ts";
import { Failure } from "../../../core/failure.ts";
import { markOfCode } from "../../../core/totp.ts";
import type { EnrolmentStore } from "../../../store/store.ts";
import { quoted } from "../../../text/printable.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import { requireEnrolment } from "../../users/require_user.ts";
import { newRecoveryCodes } from "../../enrolment/recovery_codes.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";

/** How often the secret may be changed, by a rekey or a new enrolment, before this gives up. */
const ROUNDS = 5;

/** `recovery USER`: gives a user new recovery codes, one per line; earlier ones stop working. */
export async function recovery(
  context: AdminContext,
  username: string,
  options: { json?: boolean },
): Promise<void> {
  const recoveryCodes = await withStore(
    context,
    { create: false },
    (store) => giveRecoveryCodes(context, store, username),
  );
  context.out(
    options.json
      ? json({ username, recoveryCodes } satisfies Printed<"recovery">)
      : recoveryCodes.map((code) => `${code}\n`).join(""),
  );
}

/**
 * Gives a user new recovery codes. Only marks of them are kept, which need the user's secret to
 * make.
 *
 * @returns the codes as people read them
 * @throws Failure `not_enrolled`
 */
async function giveRecoveryCodes(
  context: AdminContext,
  store: EnrolmentStore,
  username: string,
): Promise<string[]> {
  const codes = newRecoveryCodes(context.randomBytes);
  const vault = openVault(context);
  for (let round = 1; round <= ROUNDS; round++) {
    const enrolment = await requireEnrolment(store, username);
    const secret = await vault.open(enrolment);
    const marks = await Promise.all(codes.map((code) => markOfCode(secret, code)));
    if (await store.replaceRecoveryCodes(enrolment, marks)) return codes.map(shownRecoveryCode);
  }
  throw new Failure(
    "database_locked",
    `the secret of ${
      quoted(username)
    } was changed ${ROUNDS} times while recovery codes were made ` +
      "for it: try again",
  );
}
