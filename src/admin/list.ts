import { type AdminContext, withStore } from "./context.ts";
import { instant, instantOrNever, json, table } from "./text.ts";

/** `list`: the enrolled users, a line each. */
export async function list(
  context: AdminContext,
  options: { json?: boolean },
): Promise<void> {
  const users = await withStore(context, { create: false }, async (store) => {
    const pending = new Map<string, number>();
    for (const { username } of await store.openChallenges(context.now())) {
      pending.set(username, (pending.get(username) ?? 0) + 1);
    }
    const enrolments = await store.list();
    return enrolments.map((enrolment) => ({
      ...enrolment,
      pendingChallenges: pending.get(enrolment.username) ?? 0,
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
    context.out(json(rows));
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
