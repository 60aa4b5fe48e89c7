import type { Exemption } from "../core/exemption.ts";
import { type AdminContext, withStore } from "./context.ts";
import { exemptionAsJson, told } from "./exempt.ts";
import { instant, instantOrNever, instantOrNull, json, table } from "./text.ts";

/** A user who is enrolled, exempt, or both. */
interface User {
  username: string;
  issuer: string | null;
  enrolledAt: number | null;
  lastLoginAt: number | null;
  disabledAt: number | null;
  pendingChallenges: number;
  exemption: Exemption | null;
}

/** `list`: the users who are enrolled or exempt, a line each. */
export async function list(
  context: AdminContext,
  options: { json?: boolean },
): Promise<void> {
  const users = await readUsers(context);
  if (options.json) {
    context.out(json(users.map(asJson)));
    return;
  }
  if (users.length === 0) {
    context.out("No user is enrolled.\n");
    return;
  }
  context.out(table(
    ["USER", "ENROLLED", "LAST LOGIN", "PENDING", "STATE"],
    users.map((user) => [
      user.username,
      user.enrolledAt === null ? "no" : instant(user.enrolledAt),
      instantOrNever(user.lastLoginAt),
      String(user.pendingChallenges),
      stateOf(user, context.now()),
    ]),
  ));
}

/** Everybody, by username. */
async function readUsers(context: AdminContext): Promise<User[]> {
  return await withStore(context, { create: false }, async (store) => {
    const pending = new Map<string, number>();
    for (const { username } of await store.openChallenges(context.now())) {
      pending.set(username, (pending.get(username) ?? 0) + 1);
    }
    const exemptions = new Map(
      (await store.exemptions()).map((one) => [one.username, one]),
    );
    const users: User[] = [];
    for (const enrolment of await store.list()) {
      const { username } = enrolment;
      users.push({
        ...enrolment,
        pendingChallenges: pending.get(username) ?? 0,
        exemption: exemptions.get(username) ?? null,
      });
      exemptions.delete(username);
    }
    const unenrolled = {
      issuer: null,
      enrolledAt: null,
      lastLoginAt: null,
      disabledAt: null,
      pendingChallenges: 0,
    };
    for (const [username, exemption] of exemptions) {
      users.push({ ...unenrolled, username, exemption });
    }
    return users.sort((a, b) => a.username < b.username ? -1 : 1);
  });
}

function stateOf({ disabledAt, exemption }: User, nowMs: number): string {
  if (disabledAt !== null) return "disabled";
  if (exemption === null) return "";
  const isOver = exemption.until !== null && exemption.until <= nowMs;
  return isOver
    ? `exemption ended ${instant(exemption.until!)}`
    : `exempt ${told(exemption)}`;
}

function asJson(user: User) {
  const { exemption, enrolledAt, lastLoginAt, disabledAt } = user;
  const { exemptSince = null, exemptUntil = null, exemptFrom = null } =
    exemption === null ? {} : exemptionAsJson(exemption);
  return {
    username: user.username,
    issuer: user.issuer,
    enrolledAt: instantOrNull(enrolledAt),
    lastLoginAt: instantOrNull(lastLoginAt),
    pendingChallenges: user.pendingChallenges,
    disabledAt: instantOrNull(disabledAt),
    exemptSince,
    exemptUntil,
    exemptFrom,
  };
}
