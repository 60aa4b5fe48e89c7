import { type AdminContext, withStore } from "./context.ts";
import { instant, instantOrNever, table } from "./text.ts";

/** `list`: the enrolled users, a line each. */
export async function list(
  context: AdminContext,
  options: { json?: boolean },
): Promise<void> {
  const users = await withStore(context, { create: false }, async (store) => {
    const challenges = await store.openChallenges(context.now());
    const enrolments = await store.list();
    return enrolments.map((enrolment) => ({
      ...enrolment,
      pendingChallenges: challenges.filter((challenge) =>
        challenge.username === enrolment.username
      ).length,
    }));
  });

  if (options.json) {
    const rows = users.map((user) => ({
      username: user.username,
      issuer: user.issuer,
      enrolledAt: instant(user.enrolledAt),
      lastLoginAt: user.lastLoginAt === null ? null : instant(user.lastLoginAt),
      pendingChallenges: user.pendingChallenges,
    }));
    context.out(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  if (users.length === 0) {
    context.out("No user is enrolled.\n");
    return;
  }
  context.out(table(
    ["USER", "ENROLLED", "LAST LOGIN", "PENDING"],
    users.map((user) => [
      user.username,
      instant(user.enrolledAt),
      instantOrNever(user.lastLoginAt),
      String(user.pendingChallenges),
    ]),
  ));
}
