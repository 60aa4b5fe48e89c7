import { objectionToCommonName } from "../core/common_name.ts";
import { type Enrolment, isActive } from "../core/enrolment.ts";
import { isUsername } from "../core/username.ts";
import {
  isUndecided,
  type PasswordVerdict,
  REASONS,
  type Refused,
  refused,
  refusedInWait,
} from "../core/verdict.ts";
import { admit } from "./admission.ts";
import { prepareChallenge } from "./challenge.ts";
import { checkAnew, checkCode, type CheckedCode } from "./code_check.ts";
import { conclude } from "./conclude.ts";
import type { FirstFactorResult } from "./first_factor.ts";
import type { LoginParts } from "./login_parts.ts";
import type { PasswordRequest } from "./password_request.ts";
import { type CountedPlaces, PlaceThrottle } from "./place_throttle.ts";
import { concludeRefused } from "./refused_first_factor.ts";
import { admitUnproven } from "./unproven_admission.ts";
import { refusalInWait } from "./wait.ts";

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
  const objection = objectionToRequest(request, parts);
  if (objection !== null) {
    return await conclude(parts, about, () => Promise.resolve({ verdict: objection }));
  }
  const throttle = new PlaceThrottle(
    parts.rules.throttle,
    request.attempt,
    request.connectedFrom,
  );
  if (!parts.firstFactor.provesPassword) return await unprovenStep(request, throttle, parts);
  const refusal = await refusalInWait(throttle, parts);
  if (refusal !== null) return refusal;
  const asked = await askFirstFactor(request, throttle, parts);
  if ("outcome" in asked) return asked;
  const verdict = await provenStep({ request, throttle, ...asked }, parts);
  return request.method === null ? masked(verdict) : verdict;
}

/** What came of asking the first factor, once the attempt was counted. */
interface Asked {
  counted: CountedPlaces;
  result: FirstFactorResult;
}

/**
 * Counts the attempt, and asks the first factor about the password.
 *
 * @returns the refusal, if it was not asked
 */
async function askFirstFactor(
  request: PasswordRequest,
  throttle: PlaceThrottle,
  parts: LoginParts,
): Promise<Asked | Refused> {
  const { attempt, password } = request;
  const turn = await parts.firstFactor.turn();
  if ("outcome" in turn) {
    const about = { step: "password", attempt } as const;
    return await conclude(parts, about, () => Promise.resolve({ verdict: turn }));
  }
  using inTurn = turn;
  const counted = await countBeforehand(throttle, parts);
  if ("outcome" in counted) return counted;
  return { counted, result: await inTurn.authenticate(attempt, password) };
}

/** A request that was counted as a failure before the first factor is asked. */
interface CountedRequest {
  request: PasswordRequest;
  throttle: PlaceThrottle;
  counted: CountedPlaces;
}

/** Decides by the first factor's answer. */
async function provenStep(
  { request, throttle, counted, result }: CountedRequest & Asked,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const { attempt } = request;
  const about = { step: "password", attempt } as const;
  if (result.outcome === "refused") {
    return await concludeRefusal({ request, throttle, counted }, result, parts);
  }
  const { username } = result;
  const challenge = await prepareChallenge(request, parts);
  return await checkAnew(async () => {
    const { enrolment, checked } = await checkAhead(username, request, parts);
    const accountName = enrolment === null ? await parts.firstFactor.accountName(username) : null;
    const needsMark = !isActive(enrolment) || request.method === null;
    const guess = { counted, mark: needsMark ? await markOf(request, parts) : null };
    const login = { request, username, accountName, throttle, guess, checked, challenge };
    return await conclude(parts, about, (transaction) => admit(login, transaction, parts));
  });
}

/** Concludes a login that the first factor refused; the attempt stays counted if it was a guess. */
async function concludeRefusal(
  { request, throttle, counted }: CountedRequest,
  result: Refused,
  parts: LoginParts,
): Promise<Refused> {
  const { attempt } = request;
  const refusal = request.isSeparated ? withSeparatorTold(result) : result;
  const mark = await markOf(request, parts);
  return await conclude(parts, { step: "password", attempt }, async (transaction) => {
    const conclusion = await concludeRefused({ attempt, refusal }, transaction, parts);
    if (!isUndecided(result)) {
      const verdict = await throttle.failed(conclusion.verdict, { counted, mark }, transaction);
      return { ...conclusion, verdict };
    }
    // Nobody learnt anything about the password.
    await throttle.takeBack(transaction.records, counted);
    return conclusion;
  });
}

/**
 * Decides without knowing whether the password is right: another factor reports that to OpenVPN.
 */
async function unprovenStep(
  request: PasswordRequest,
  throttle: PlaceThrottle,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const { attempt } = request;
  const username = attempt.loginName;
  // A user who is exempt, as the certificate says, does not wait for what others in the network do.
  const isCertified = attempt.commonName === username;
  const refusal = isCertified ? null : await refusalInWait(throttle, parts);
  if (refusal !== null) return refusal;
  const challenge = await prepareChallenge(request, parts);
  const mark = await markOf(request, parts);
  return await checkAnew(async () => {
    const { checked } = await checkAhead(username, request, parts);
    const login = { request, username, throttle, mark, checked, challenge };
    const about = { step: "password", attempt } as const;
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
function objectionToRequest(
  { attempt, password }: PasswordRequest,
  { rules }: LoginParts,
): Refused | null {
  if (!isUsername(attempt.loginName)) return refused("bad_username");
  const objection = objectionToCommonName(attempt, rules.commonName);
  if (objection !== null) return objection;
  return password.reveal().includes(0) ? refused("bad_password") : null;
}

/**
 * Counts the attempt as a failure before the first factor is asked, so that neither a parallel
 * attempt at another server nor a crash gives a guess away.
 *
 * @returns what was counted, or the refusal during a wait
 */
function countBeforehand(
  throttle: PlaceThrottle,
  parts: LoginParts,
): Promise<Refused | CountedPlaces> {
  return parts.store.transaction(async (records) => {
    const at = parts.now();
    // Another attempt may have come first.
    const { seconds } = await throttle.wait(records, at);
    return seconds > 0 ? refusedInWait(seconds) : await throttle.count(records, at);
  });
}

/** What is found out before the transaction in which others wait. */
interface CheckedAhead {
  enrolment: Enrolment | null;
  /** What checking a code that came with the password found; null if none came. */
  checked: CheckedCode | null;
}

async function checkAhead(
  username: string,
  { code }: PasswordRequest,
  parts: LoginParts,
): Promise<CheckedAhead> {
  const enrolment = await parts.store.findEnrolment(username);
  // Checking a disabled user's code must take no longer than a wrong password.
  if (code === null || !isActive(enrolment)) return { enrolment, checked: null };
  return { enrolment, checked: await checkCode(code, enrolment, parts) };
}

/** A password's mark, which is made before the transaction. */
function markOf(
  { attempt, password }: PasswordRequest,
  { secrets }: LoginParts,
): Promise<string | null> {
  return secrets.markOfPassword(attempt.loginName, password);
}
