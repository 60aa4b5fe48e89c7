import { isUsername } from "../core/username.ts";
import {
  type PasswordVerdict,
  REASONS,
  type Refused,
  refused,
  refusedInWait,
} from "../core/verdict.ts";
import { admit } from "./admission.ts";
import { checkCode, type CheckedCode } from "./code_check.ts";
import { conclude, type PasswordRequest, type PasswordStepParts } from "./password_request.ts";
import { tokenStep } from "./token_step.ts";
import { admitUnproven } from "./unproven_admission.ts";

/**
 * The first step of a login: the password, then a challenge for the code, unless the code came along.
 * A session token that OpenVPN has verified stands for both, as long as account and enrolment are
 * still there. Any other token is refused, and never tried as a password, which would count as the
 * user's failure: the client then asks for the password, and a login from scratch begins.
 *
 * By the time that a verdict is given, it has been committed, with its line of the audit trail.
 *
 * @throws Failure when store or PAM fail; the caller refuses
 */
export async function passwordStep(
  request: PasswordRequest,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const { attempt, password, token } = request;
  const objection = objectionTo(request);
  if (objection !== null) {
    return await conclude(parts, () => Promise.resolve({ verdict: objection }));
  }
  if (token !== null) return await tokenStep(attempt, token, parts);
  if (parts.primary === null) {
    const { loginName } = attempt;
    const checked = await checkAhead(loginName, request, parts);
    return await conclude(
      parts,
      (records) => admitUnproven(request, checked, records, parts),
    );
  }

  const early = await countBeforehand(parts);
  if (early !== null) return early;
  const { loginName, address } = attempt;
  const result = await parts.primary.authenticate(loginName, password, address);
  const checked = result.outcome === "passed"
    ? await checkAhead(result.username, request, parts)
    : null;
  return await conclude(parts, async (records) => {
    if (result.outcome === "passed") {
      const decision = await admit(
        ...[request, result.username, checked, records, parts] as const,
      );
      return request.method === null
        ? { ...decision, verdict: masked(decision.verdict) }
        : decision;
    }
    // It stays counted even where PAM failed: its modules may have looked at the password.
    return { verdict: request.method === null ? masked(result) : result };
  });
}

/** To a client that no way of asking reaches, every refusal looks like that: none tells of the password. */
function masked(verdict: PasswordVerdict): PasswordVerdict {
  return verdict.outcome === "refused"
    ? { ...verdict, told: REASONS.client_without_method }
    : verdict;
}

/** What speaks against a request as it is. */
function objectionTo(
  { attempt, password, token }: PasswordRequest,
): Refused | null {
  if (!isUsername(attempt.loginName)) return refused("bad_username");
  if (token !== null) {
    return token.loginAt === null ? refused("token_refused", "OpenVPN did not verify it") : null;
  }
  return password.reveal().includes(0) ? refused("bad_password") : null;
}

/**
 * Counts the attempt as a failure before PAM is asked, so that neither another server meanwhile nor
 * a crash gives away a guess.
 *
 * @returns the refusal inside a wait
 */
function countBeforehand(parts: PasswordStepParts): Promise<Refused | null> {
  const { store, throttle, audit } = parts;
  return store.transaction(async (records) => {
    const now = parts.now();
    const wait = await throttle.waitSeconds(records, now);
    if (wait > 0) return await audit.record(records, refusedInWait(wait), now);
    await throttle.count(records, now);
    return null;
  });
}

/** Checks a code that came along before the transaction, in which others wait. */
async function checkAhead(
  username: string,
  { code }: PasswordRequest,
  parts: PasswordStepParts,
): Promise<CheckedCode | null> {
  const enrolment = code === null ? null : await parts.store.findEnrolment(username);
  // A disabled user's must take no longer than a wrong password.
  return code === null || enrolment === null || enrolment.disabledAt !== null
    ? null
    : await checkCode(code, enrolment, parts);
}
