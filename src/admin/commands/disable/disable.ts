import { printable } from "../../../text/printable.ts";
import { type AdminContext, notEnrolled, withStore } from "../../context.ts";
import { json } from "../../terminal/text.ts";

/** `disable USER` and `enable USER`: forbids or allows a user's logins, and keeps the enrolment. */
export async function setDisabled(
  context: AdminContext,
  username: string,
  disabled: boolean,
  options: { json?: boolean },
): Promise<void> {
  await withStore(context, { create: false }, async (store) => {
    const at = disabled ? context.now() : null;
    if (!await store.setDisabled(username, at)) notEnrolled(username);
  });
  context.out(
    options.json
      ? json({ username, disabled })
      : `${disabled ? "Disabled" : "Enabled"} the logins of ${printable(username)}.\n`,
  );
}
