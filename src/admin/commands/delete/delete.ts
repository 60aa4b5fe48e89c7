import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { notEnrolled } from "../../users/require_user.ts";

/**
 * `delete USER`: removes an enrolment, the challenges that wait for its codes, and an exemption.
 */
export async function deleteUser(
  context: AdminContext,
  username: string,
  options: { json?: boolean },
): Promise<void> {
  const { wasEnrolled, pendingChallenges } = await withStore(
    context,
    { create: false },
    async (store) => await store.delete(username, context.now()) ?? notEnrolled(username),
  );
  if (options.json) {
    context.out(json({ username, deleted: true, pendingChallenges } satisfies Printed<"delete">));
    return;
  }
  const challenges = pendingChallenges === 0
    ? ""
    : `, and ${counted(pendingChallenges, "pending challenge")}`;
  context.out(
    `Deleted the ${wasEnrolled ? "enrolment" : "exemption"} of ${
      printable(username)
    }${challenges}.\n`,
  );
}
