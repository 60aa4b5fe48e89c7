import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
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
    async (store) => {
      const open = await store.openChallenges(context.now(), username);
      const wasEnrolled = await store.find(username) !== null;
      if (!await store.delete(username)) notEnrolled(username);
      return { wasEnrolled, pendingChallenges: open.length };
    },
  );
  if (options.json) {
    context.out(json({ username, deleted: true, pendingChallenges }));
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
