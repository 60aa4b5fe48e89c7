import { RECOVERY_ALPHABET, RECOVERY_LENGTH, shownRecoveryCode } from "../../../core/code.ts";
import { Failure } from "../../../core/failure.ts";
import { markOfCode } from "../../../core/totp.ts";
import type { EnrolmentStore } from "../../../store/store.ts";
import { quoted } from "../../../text/printable.ts";
import { type AdminContext, openVault, requireEnrolment, withStore } from "../../context.ts";
import { json } from "../../terminal/text.ts";

/** How many recovery codes a user gets. */
const COUNT = 10;

/** How often the secret may be changed, by a rekey or a new enrolment, before this gives up. */
const ROUNDS = 5;

/** `recovery USER`: gives a user new recovery codes, a line each; earlier ones don't count any more. */
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

/** New recovery codes, without their dashes. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: COUNT }, newCode);
}

/**
 * Gives a user new recovery codes; what is kept of them are marks that only the user's secret makes.
 *
 * @returns the codes as people read them
 * @throws Failure `not_enrolled`
 */
async function giveRecoveryCodes(
  context: AdminContext,
  store: EnrolmentStore,
  username: string,
): Promise<string[]> {
  const codes = newRecoveryCodes();
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

/** 5 bits of each random byte choose a character. */
function newCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RECOVERY_LENGTH));
  return Array.from(
    bytes,
    (byte) => RECOVERY_ALPHABET[byte % RECOVERY_ALPHABET.length],
  ).join("");
}
