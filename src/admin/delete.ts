import { printable } from "../core/printable.ts";
import { json } from "./text.ts";
import { type AdminContext, notEnrolled, withStore } from "./context.ts";

/** `delete USER`: removes an enrolment and the challenges that wait for its codes. */
export async function deleteUser(
  context: AdminContext,
  username: string,
  options: { json?: boolean },
): Promise<void> {
  const pendingChallenges = await withStore(
    context,
    { create: false },
    async (store) => {
      const open = await store.openChallenges(context.now(), username);
      if (!await store.delete(username)) notEnrolled(username);
      return open.length;
    },
  );
  if (options.json) {
    context.out(json({ username, deleted: true, pendingChallenges }));
    return;
  }
  const challenges = pendingChallenges === 0
    ? ""
    : `, and ${pendingChallenges} pending challenge${
      pendingChallenges === 1 ? "" : "s"
    }`;
  context.out(
    `Deleted the enrolment of ${printable(username)}${challenges}.\n`,
  );
}
