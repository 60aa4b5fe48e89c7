import { shownRecoveryCode } from "../../../core/code.ts";
import { markOfCode } from "../../../core/totp.ts";
import type { EnrolmentStore } from "../../../store/store.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import { notEnrolled } from "../../users/require_user.ts";
import { newRecoveryCodes } from "../../enrolment/recovery_codes.ts";
import { json } from "../../terminal/text.ts";

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
      ? json({ username, recoveryCodes })
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
  const isEnrolled = await store.replaceRecoveryCodes(
    username,
    async (enrolment) => {
      const secret = await vault.open(enrolment);
      return await Promise.all(codes.map((code) => markOfCode(secret, code)));
    },
  );
  if (!isEnrolled) notEnrolled(username);
  return codes.map(shownRecoveryCode);
}
