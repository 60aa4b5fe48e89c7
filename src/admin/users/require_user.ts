import type { Enrolment } from "../../core/enrolment.ts";
import { Failure } from "../../core/failure.ts";
import { isUsername, USERNAME_ALLOWED } from "../../core/username.ts";
import type { EnrolmentStore } from "../../store/store.ts";
import { quoted } from "../../text/printable.ts";

/** @throws Failure `usage` for a name that can't be a username */
export function requireUsername(username: string): void {
  if (isUsername(username)) return;
  throw new Failure(
    "usage",
    `${quoted(username)} cannot be a username: expected ${USERNAME_ALLOWED}`,
  );
}

/**
 * Finds a user's enrolment.
 *
 * @throws Failure `not_enrolled`
 */
export async function requireEnrolment(
  store: EnrolmentStore,
  username: string,
): Promise<Enrolment> {
  return await store.find(username) ?? notEnrolled(username);
}

/** @throws Failure `not_enrolled` */
export function notEnrolled(username: string): never {
  throw new Failure(
    "not_enrolled",
    `user ${quoted(username)} is not enrolled: to list enrolled users, run: openvpn-totp list`,
  );
}
