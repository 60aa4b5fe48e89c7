import type { EpochMs } from "../../../core/epoch.ts";
import { printable } from "../../../text/printable.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { notEnrolled } from "../../users/require_user.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";

/** `disable USER`: forbids a user's logins, and keeps the enrolment. */
export async function disable(
  context: AdminContext,
  username: string,
  options: { json?: boolean },
): Promise<void> {
  await setDisabledAt(context, username, context.now());
  context.out(
    options.json
      ? json({ username, disabled: true } satisfies Printed<"disable">)
      : `Disabled the logins of ${printable(username)}.\n`,
  );
}

/** `enable USER`: allows a disabled user's logins again. */
export async function enable(
  context: AdminContext,
  username: string,
  options: { json?: boolean },
): Promise<void> {
  await setDisabledAt(context, username, null);
  context.out(
    options.json
      ? json({ username, disabled: false } satisfies Printed<"enable">)
      : `Enabled the logins of ${printable(username)}.\n`,
  );
}

/** @throws Failure `not_enrolled` */
async function setDisabledAt(
  context: AdminContext,
  username: string,
  at: EpochMs | null,
): Promise<void> {
  await withStore(context, { create: false }, async (store) => {
    if (!await store.setDisabled(username, at)) notEnrolled(username);
  });
}
