import { printable } from "../../../text/printable.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { notEnrolled } from "../../users/require_user.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";

/** `unlock USER`: lets a user try codes again at once. */
export async function unlock(
  context: AdminContext,
  username: string,
  options: { json?: boolean },
): Promise<void> {
  await withStore(context, { create: false }, async (store) => {
    if (!await store.unlock(username)) notEnrolled(username);
  });
  context.out(
    options.json
      ? json({ username, unlocked: true } satisfies Printed<"unlock">)
      : `Unlocked the codes of ${printable(username)}.\n`,
  );
}
