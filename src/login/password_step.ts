import { isUsername } from "../core/username.ts";
import {
  type PasswordVerdict,
  REASONS,
  type Refused,
  refused,
  refusedInWait,
} from "../core/verdict.ts";
import { admit } from "./admission.ts";
import { prepareChallenge } from "./challenge.ts";
import { checkAnew, checkCode, type CheckedCode } from "./code_check.ts";
import { conclude, decisionOf, type StepOfAttempt } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";
import type { PasswordRequest } from "./password_request.ts";
import { type CountedPlaces, PlaceThrottle } from "./place_throttle.ts";
import { admitUnproven } from "./unproven_admission.ts";

/**
 * The first step of a login: checks the password, then asks for the code unless it came with the
 * password.
 *
 * When the verdict is returned, it has been committed together with its row of the audit trail.
 *
 * @throws Failure if the store or the first factor fails; the caller refuses
 */
export async function passwordStep(
  request: PasswordRequest,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const about = { step: "password", attempt: request.attempt } as const;
  const objection = objectionToRequest(request);
  if (objection !== null) {
    return await conclude(parts, about, () => Promise.resolve({ verdict: objection }));
  }
  if (!parts.firstFactor.provesPassword) return await unprovenStep(request, about, parts);
  const counted = await countBeforehand(about, parts);
  if ("outcome" in counted) return counted;
  const verdict = await provenStep(request, counted, parts);
  return request.method === null ? masked(verdict) : verdict;
}

/** Asks the first factor about the password, and decides by its answer. */
async function provenStep(
  request: PasswordRequest,
  counted: CountedPlaces,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const { attempt, password } = request;
  const about = { step: "password", attempt } as const;
  const result = await parts.firstFactor.authenticate(attempt, password);
  if (result.outcome === "refused") {
    // The attempt stays counted even if PAM failed: its modules may have looked at the password.
    const verdict = request.isSeparated ? withSeparatorTold(result) : result;
    return await conclude(parts, about, () => Promise.resolve({ verdict }));
  }
  const { username } = result;
  const challenge = await prepareChallenge(request, parts);
  return await checkAnew(async () => {
    const checked = await checkAhead(username, request, parts);
    const login = { request, username, checked, counted, challenge };
    return await conclude(parts, about, (transaction) => admit(login, transaction, parts));
  });
}

/**
 * Decides without knowing whether the password is right: another factor reports that to OpenVPN.
 */
async function unprovenStep(
  request: PasswordRequest,
  about: StepOfAttempt,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const username = request.attempt.loginName;
  const challenge = await prepareChallenge(request, parts);
  return await checkAnew(async () => {
    const checked = await checkAhead(username, request, parts);
    const login = { request, username, checked, challenge };
    return await conclude(parts, about, (transaction) => admitUnproven(login, transaction, parts));
  });
}

/** The only trace of why a password that ends in a separator is refused. */
function withSeparatorTold(verdict: Refused): Refused {
  if (verdict.reason !== "wrong_password") return verdict;
  const told = "without the blank or comma beside the appended code: a password that itself has " +
    "one there needs a second one";
  return { ...verdict, detail: verdict.detail === undefined ? told : `${verdict.detail}; ${told}` };
}

/**
 * To a client that cannot be asked for a code in any way, every refusal looks the same: otherwise a
 * refusal could reveal that the password was right.
 */
function masked(verdict: PasswordVerdict): PasswordVerdict {
  return verdict.outcome === "refused"
    ? { ...verdict, told: REASONS.client_without_method }
    : verdict;
}

/** Says what is wrong with a request before the password is checked. */
function objectionToRequest({ attempt, password }: PasswordRequest): Refused | null {
  if (!isUsername(attempt.loginName)) return refused("bad_username");
  return password.reveal().includes(0) ? refused("bad_password") : null;
}

/**
 * Counts the attempt as a failure before the first factor is asked, so that neither a parallel
 * attempt at another server nor a crash gives a guess away.
 *
 * @returns what was counted, or the refusal during a wait
 */
function countBeforehand(
  about: StepOfAttempt,
  { store, rules, now }: LoginParts,
): Promise<Refused | CountedPlaces> {
  const throttle = new PlaceThrottle(rules.throttle, about.attempt);
  return store.transaction(async (records) => {
    const at = now();
    const wait = await throttle.waitSeconds(records, at);
    if (wait === 0) return await throttle.count(records, at);
    const verdict = refusedInWait(wait);
    await records.recordDecision(decisionOf(about, { verdict }, at), rules.audit);
    return verdict;
  });
}

/** Checks a code that came with the password, before the transaction in which others wait. */
async function checkAhead(
  username: string,
  { code }: PasswordRequest,
  parts: LoginParts,
): Promise<CheckedCode | null> {
  if (code === null) return null;
  const enrolment = await parts.store.findEnrolment(username);
  // Checking a disabled user's code must take no longer than a wrong password.
  if (enrolment === null || enrolment.disabledAt !== null) return null;
  return await checkCode(code, enrolment, parts);
}
