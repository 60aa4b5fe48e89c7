import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { similarNames } from "../../../src/core/similar_names.ts";
import { COMMON_PARAMETERS } from "../../../src/core/totp_parameters.ts";
import { hmacKey, hotp, timeStepAt } from "../../../src/core/totp.ts";
import type { Attempt, Challenge } from "../../../src/core/challenge.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import type { SessionToken } from "../../../src/core/password_form.ts";
import type { CommonNameRule } from "../../../src/core/common_name.ts";
import type { ChallengeMethod } from "../../../src/core/challenge_method.ts";
import type { Exemption } from "../../../src/core/exemption.ts";
import { fakeFactor, TEST_RULES } from "../../lab/login_parts.ts";
import { given } from "../../lab/secrets.ts";
import type { DecisionRecord } from "../../../src/core/decision.ts";
import type { KnownPlace } from "../../../src/core/known_place.ts";
import type { PlaceFailures } from "../../../src/core/throttle.ts";
import { type CodeFailures, NO_FAILURES } from "../../../src/core/lockout.ts";
import { refused, refusedBusy, refusedUntilChanged } from "../../../src/core/verdict.ts";
import { passwordStep } from "../../../src/login/password_step.ts";
import { EXTERNAL_FACTOR, type FirstFactor } from "../../../src/login/first_factor.ts";
import type { LoginParts } from "../../../src/login/login_parts.ts";
import { tokenStep } from "../../../src/login/token_step.ts";
import type {
  Login,
  LoginRecords,
  LoginStore,
  OpenAttempt,
  UncodedSession,
} from "../../../src/store/store.ts";

const ATTEMPT: Attempt = {
  id: "/tmp/acf",
  loginName: "Alice",
  commonName: null,
  address: "192.0.2.1",
};
const PASSWORD = "right";

/** So many failures, of an address or of a user there. */
function failures(level: number, lastAt = 5000): PlaceFailures {
  return { level, lastAt, goneAt: lastAt + level * 300_000 };
}

const SECRET = new Redacted(new Uint8Array(20).fill(7));

/** A PAM with one right password for everybody; it folds the case of names. */
function fakePam(calls: string[], { meanwhile = () => {}, ...play }: Play): FirstFactor {
  const passed = (name: string) => ({
    outcome: "passed" as const,
    username: play.pamName ?? name.toLowerCase(),
  });
  return fakeFactor(({ loginName, address }, password) => {
    assert.equal(address, ATTEMPT.address);
    calls.push("authenticate");
    meanwhile();
    if (password === "broken PAM") return refused("pam_error");
    if (password === "no time") return refusedBusy("PAM's");
    if (password === "expired") return refusedUntilChanged(refused("account_refused", "PAM's"));
    return password === PASSWORD ? passed(loginName) : refused("wrong_password");
  }, ({ loginName, address }) => {
    assert.equal(address, ATTEMPT.address);
    calls.push("account");
    return loginName === "Locked" ? refused("account_refused") : passed(loginName);
  }, () => play.accountName ?? null);
}

/** A store that knows only alice. */
function fakeStore(
  recorded: Challenge[],
  failures: CodeFailures,
  saved: CodeFailures[],
  places: Map<string, PlaceFailures>,
  decisions: DecisionRecord[],
  logins: Login[],
  uncoded: UncodedSession[],
  { disabledAt, exemption, uncodedLoginAt, known = new Map(), marks = new Set(), open = [] }: Play,
): LoginStore {
  const records: LoginRecords = {
    findEnrolment: (username, loginName) =>
      Promise.resolve(
        username === "alice" || loginName === "Known before"
          ? {
            username: "alice",
            secret: { keyId: "none", bytes: new Uint8Array(20) },
            parameters: COMMON_PARAMETERS,
            issuer: "VPN",
            enrolledAt: 1_700_000_000_500,
            lastLoginAt: null,
            lastTimeStep: null,
            failures,
            disabledAt: disabledAt ?? null,
            uncodedLoginAt: null,
            tokensValidFrom: 1_700_000_000_500,
            recoveryCodes: 0,
          }
          : null,
      ),
    forgetChallenge: () => Promise.resolve(),
    recordChallenge(challenge) {
      recorded.push(challenge);
      return Promise.resolve();
    },
    findPlaceFailures: (key) => Promise.resolve(places.get(key) ?? null),
    findFailuresOfPlaces: (keys) => Promise.resolve(keys.map((key) => places.get(key) ?? null)),
    savePlaceFailures(key, failures) {
      if (failures === null) places.delete(key);
      else places.set(key, failures);
      return Promise.resolve();
    },
    saveFailures(_, failures) {
      saved.push(failures);
      return Promise.resolve();
    },
    recordDecision(decision) {
      decisions.push(decision);
      return Promise.resolve();
    },
    findPending: () => Promise.reject(new Error("not of this step")),
    answerChallenge: () => Promise.reject(new Error("not of this step")),
    recordLogin(login) {
      logins.push(login);
      return Promise.resolve();
    },
    recordUncodedSession(session) {
      uncoded.push(session);
      return Promise.resolve();
    },
    mayBeUncoded: (_, began) => Promise.resolve(began === uncodedLoginAt),
    findKnownPlace: (key) => Promise.resolve(known.get(key) ?? null),
    saveKnownPlace(key, place) {
      known.set(key, place);
      return Promise.resolve();
    },
    isNewPassword(key, mark) {
      const isNew = !marks.has(`${key} ${mark}`);
      marks.add(`${key} ${mark}`);
      return Promise.resolve(isNew);
    },
    openAttempt(attempt) {
      open.push(attempt);
      return Promise.resolve();
    },
    closeAttempt: (id) => Promise.resolve(closeWhere(open, (one) => one.id === id)),
    closeAttemptsAt: (place) =>
      Promise.resolve(closeWhere(open, (one) => one.places.includes(place))),
    openAttemptsAt(place) {
      const ends = open.filter(({ places }) => places.includes(place)).map((one) => one.expiresAt);
      const first = ends.length === 0 ? null : Math.min(...ends);
      return Promise.resolve({ count: ends.length, firstExpiresAt: first });
    },
    expiredAttemptsAt: (place, now) =>
      Promise.resolve(
        open.filter(({ places, expiresAt }) => places.includes(place) && expiresAt <= now),
      ),
    useRecoveryCode: () => Promise.resolve(false),
    similarUsernames: (names) =>
      Promise.resolve(similarNames(exemption ? ["alice", exemption.username] : ["alice"], names)),
    findExemption: (username) =>
      Promise.resolve(
        exemption?.username === username ? exemption : null,
      ),
    isNoticeDue: () => Promise.resolve(true),
  };
  return {
    transaction: (work) => work(records),
    findPending: () => Promise.reject(new Error("not of this step")),
    findEnrolment: records.findEnrolment,
    findPlaceFailures: records.findPlaceFailures,
    findFailuresOfPlaces: records.findFailuresOfPlaces,
    findKnownPlace: records.findKnownPlace,
    isOpen: () => Promise.reject(new Error("not of this step")),
  };
}

function closeWhere(open: OpenAttempt[], isClosed: (attempt: OpenAttempt) => boolean): void {
  open.splice(0, open.length, ...open.filter((one) => !isClosed(one)));
}

interface Play {
  loginName?: string;
  /** What PAM calls the user, if not the login name in small letters. */
  pamName?: string;
  /** What the system's accounts call the user. */
  accountName?: string;
  commonName?: string;
  password?: string;
  method?: ChallengeMethod | null;
  /** A code that comes with the password. */
  code?: string;
  token?: SessionToken;
  disabledAt?: number;
  /** When a session began that no code let in. */
  uncodedLoginAt?: number;
  exemption?: Exemption;
  admitsUnenrolled?: boolean;
  commonNameRule?: CommonNameRule;
  notice?: { name: string; text: string };
  failures?: CodeFailures;
  /** Where users are known. */
  known?: Map<string, KnownPlace>;
  /** Wrong passwords so far. */
  marks?: Set<string>;
  /** Attempts that nobody has answered. */
  open?: OpenAttempt[];
  /** The address that the connection was let in from. */
  connectedFrom?: string;
  /** Failed passwords so far, by place. */
  places?: Map<string, PlaceFailures>;
  now?: number;
  external?: boolean;
  /** What happens before PAM answers. */
  meanwhile?: () => void;
}

async function play(request: Play) {
  const calls: string[] = [];
  const recorded: Challenge[] = [];
  const saved: CodeFailures[] = [];
  const decisions: DecisionRecord[] = [];
  const logins: Login[] = [];
  const uncoded: UncodedSession[] = [];
  const attempt = {
    ...ATTEMPT,
    loginName: request.loginName ?? "Alice",
    commonName: request.commonName ?? null,
  };
  const parts: LoginParts = {
    store: fakeStore(
      recorded,
      request.failures ?? NO_FAILURES,
      saved,
      request.places ?? new Map(),
      decisions,
      logins,
      uncoded,
      request,
    ),
    firstFactor: request.external ? EXTERNAL_FACTOR : fakePam(calls, request),
    secrets: {
      open: () => Promise.resolve(SECRET),
      markOfPassword: (name, password) => Promise.resolve(`${name} ${password.reveal()}`),
    },
    rules: {
      ...TEST_RULES,
      unenrolled: request.admitsUnenrolled ? "allow" : "deny",
      commonName: request.commonNameRule ?? "any",
    },
    now: () => request.now ?? 5000,
    sessionBegins: { before: 0, after: 25_000 },
    newStateId: () => "state",
    rest() {},
  };
  const verdict = request.token
    ? await tokenStep(attempt, request.token, parts)
    : await passwordStep({
      attempt,
      connectedFrom: request.connectedFrom ?? null,
      password: new Redacted(new TextEncoder().encode(request.password ?? PASSWORD)),
      method: request.method === undefined ? "crtext" : request.method,
      code: request.code === undefined ? null : given(request.code),
      notice: request.notice ?? null,
    }, parts);
  // Each decision is recorded in the audit trail once, but none inside a wait.
  const isWaiting = "reason" in verdict && verdict.reason === "too_many_failures";
  if (isWaiting) assert.deepEqual(decisions, []);
  else {assert.deepEqual(
      decisions.map(({ step, outcome, reason, loginName }) => [
        step,
        outcome,
        reason,
        loginName,
      ]),
      [[
        "password",
        verdict.outcome,
        "reason" in verdict ? verdict.reason : null,
        attempt.loginName,
      ]],
    );}
  return { verdict, calls, recorded, saved, logins, uncoded };
}

Deno.test("passwordStep challenges under the name that PAM reported", async () => {
  const { verdict, recorded } = await play({});
  assert.deepEqual(verdict, { outcome: "challenged", by: "crtext" });
  assert.deepEqual(recorded, [{
    ...ATTEMPT,
    username: "alice",
    createdAt: 5000,
    expiresAt: 305_000,
    answer: null,
  }]);
});

Deno.test("passwordStep does not ask PAM inside a wait, and tells how long it lasts", async () => {
  const places = new Map<string, PlaceFailures>();
  for (let i = 0; i < 3; i++) {
    const { verdict } = await play({ password: `wrong ${i}`, places });
    assert.deepEqual(verdict, refused("wrong_password"));
  }
  // The right password gets no better answer.
  for (const password of ["wrong", PASSWORD]) {
    const { verdict, calls } = await play({ password, places });
    assert(verdict.outcome === "refused");
    assert.equal(verdict.reason, "too_many_failures");
    assert.match(
      verdict.told!,
      /^TEMP\[backoff 1,advance no\]: Too many failed logins: try again in 1 second$/,
    );
    assert.deepEqual(calls, []);
  }
  const after = await play({ places, now: 6000 });
  assert.deepEqual(after.verdict, { outcome: "challenged", by: "crtext" });
  // A wide network takes failures back faster, and only the last is surely still there.
  assert.deepEqual([...places], [["network 192.0.2.0/24", {
    level: 2,
    lastAt: 5000,
    goneAt: 155_000,
  }]]);
});

Deno.test("passwordStep counts alike those attempts that must look alike", async () => {
  const counts: number[] = [];
  for (
    const request of [
      { password: "wrong" },
      { loginName: "bob" },
      { loginName: "nobody", password: "wrong" },
    ]
  ) {
    const places = new Map<string, PlaceFailures>();
    await play({ ...request, places });
    counts.push(...[...places.values()].map(({ level }) => level));
  }
  assert.deepEqual(counts, Array(12).fill(1));
});

Deno.test("passwordStep makes no user wait because of another network's failures", async () => {
  const places = new Map([["user 192.0.2.66 alice", failures(99)]]);
  const { verdict } = await play({ places });
  assert.deepEqual(verdict, { outcome: "challenged", by: "crtext" });
});

Deno.test("passwordStep ends a wait that a clock set back has made endless", async () => {
  const places = new Map([["user 192.0.2.1 Alice", failures(4, 86_400_000)]]);
  assert.equal((await play({ places })).verdict.outcome, "refused");
  assert.deepEqual(places.get("user 192.0.2.1 Alice"), failures(4));
});

Deno.test("passwordStep refuses users who are not enrolled", async () => {
  const { verdict, recorded } = await play({ loginName: "bob" });
  assert.deepEqual(verdict, refused("not_enrolled"));
  assert.deepEqual(recorded, []);
});

/** Log's detail of the refusal of a user who is not enrolled. */
async function detailOf(request: Play): Promise<string | undefined> {
  const { verdict, recorded } = await play(request);
  assert(verdict.outcome === "refused", JSON.stringify([request, verdict]));
  assert.equal(verdict.reason, "not_enrolled");
  assert.equal(verdict.told, undefined, "the client is told what any other is");
  assert.deepEqual(recorded, []);
  return verdict.detail;
}

const BY_THAT_NAME = "and a user must be enrolled under that name";

Deno.test("passwordStep says in the log what PAM calls a user who is not enrolled", async () => {
  assert.equal(await detailOf({ loginName: "bob" }), undefined);
  assert.equal(
    await detailOf({ loginName: "Bob" }),
    `PAM calls this user "bob", ${BY_THAT_NAME}`,
  );
  assert.equal(
    await detailOf({ loginName: "bob", accountName: "robert" }),
    `PAM calls this user "bob", ${BY_THAT_NAME}; the account is called "robert"`,
  );
  assert.equal(
    await detailOf({ loginName: "ALICE", pamName: "ALICE" }),
    `PAM calls this user "ALICE", ${BY_THAT_NAME}; ` +
      'similar names that are enrolled or exempt: "alice"',
  );
});

Deno.test("passwordStep, with totpUnenrolled allow, admits no enrolled user by another name", async () => {
  const admitsUnenrolled = true;
  const others: Play[] = [
    { loginName: "ALICE", pamName: "ALICE" },
    { loginName: "alice ", pamName: "alice " },
    { loginName: "ａｌｉｃｅ", pamName: "ａｌｉｃｅ" },
    { loginName: "EXAMPLE\\alice", pamName: "EXAMPLE\\alice" },
    // Enrolled by the login's name, which is not PAM's.
    { loginName: "alice", pamName: "a.smith" },
    // Only the account database knows whom PAM means.
    { loginName: "smith", pamName: "smith", accountName: "alice" },
  ];
  for (const other of others) {
    const detail = await detailOf({ ...other, admitsUnenrolled });
    assert.match(detail!, /^PAM calls this user .*: "alice"; totpUnenrolled allow admits no /);
    // A disabled user gets in no better.
    await detailOf({ ...other, admitsUnenrolled, disabledAt: 1 });
  }
  const { verdict } = await play({ loginName: "bob", admitsUnenrolled });
  assert.equal(verdict.outcome, "accepted");
});

Deno.test("passwordStep, with totpUnenrolled allow, admits no user whose exemption does not hold", async () => {
  const elsewhere = { username: "bob", since: 0, until: null, from: "198.51.100.0/24" };
  for (const exemption of [elsewhere, { ...elsewhere, from: null, until: 1 }]) {
    for (const loginName of ["bob", "BOB "]) {
      const pamName = loginName;
      await detailOf({ loginName, pamName, admitsUnenrolled: true, exemption });
    }
  }
});

Deno.test("passwordStep mentions an expired password only to users whom a right one would bring further", async () => {
  const toldTo = async (request: Play) => {
    const { verdict, recorded } = await play({ ...request, password: "expired" });
    assert(verdict.outcome === "refused");
    assert.equal(verdict.reason, "account_refused");
    assert.equal(verdict.detail, "PAM's");
    assert.deepEqual(recorded, []);
    return verdict.told;
  };
  const exemption = { username: "bob", since: 0, until: null, from: null };
  const known: Play[] = [
    { loginName: "alice" },
    { loginName: "Known before" },
    { loginName: "bob", exemption },
    { loginName: "bob", admitsUnenrolled: true },
  ];
  for (const request of known) assert.match((await toldTo(request))!, /password has expired/);
  const others: Play[] = [
    { loginName: "bob" },
    { loginName: "bob", exemption: { ...exemption, until: 1 } },
    { loginName: "alice", disabledAt: 1 },
    { loginName: "ALICE", disabledAt: 1, admitsUnenrolled: true },
  ];
  for (const request of others) assert.equal(await toldTo(request), "");
  const unreached = await toldTo({ loginName: "alice", method: null });
  assert.match(unreached!, /^This VPN client cannot ask/);
});

Deno.test("passwordStep refuses another's certificate before PAM is asked, and counts nothing", async () => {
  const exemption = { username: "alice", since: 0, until: null, from: null };
  const ways: Play[] = [
    {},
    { password: "wrong" },
    { external: true },
    { external: true, exemption },
    { exemption },
    { loginName: "bob", admitsUnenrolled: true },
    { method: "static", code: "123456" },
    { token: { loginAt: 1_700_000_001_000 } },
    { token: { loginAt: null } },
  ];
  for (const way of ways) {
    for (const commonName of ["carol", "Alice ", ""]) {
      const places = new Map<string, PlaceFailures>();
      const request = { ...way, places, commonNameRule: "same" as const };
      const { verdict, calls, recorded, uncoded } = await play(
        commonName === "" ? request : { ...request, commonName },
      );
      assert(verdict.outcome === "refused", JSON.stringify(way));
      assert.equal(verdict.reason, "common_name_mismatch");
      assert.equal(verdict.told, undefined);
      assert.deepEqual([calls, recorded, uncoded, [...places]], [[], [], [], []]);
    }
  }
});

Deno.test("passwordStep lets the certificate's own user in, by the name given at the login", async () => {
  const outcome = async (request: Play) => {
    const { verdict } = await play(request);
    return "reason" in verdict ? verdict.reason : verdict.outcome;
  };
  const token = { loginAt: 1_700_000_001_000 };
  const same = { loginName: "Alice", commonName: "Alice", commonNameRule: "same" as const };
  assert.equal(await outcome(same), "challenged");
  assert.equal(await outcome({ ...same, token }), "accepted");
  // PAM's name for the user is not the one that counts.
  assert.equal(await outcome({ ...same, commonName: "alice" }), "common_name_mismatch");
  const ignoringCase = { ...same, commonNameRule: "same-ignoring-case" as const };
  assert.equal(await outcome({ ...ignoringCase, commonName: "ALICE" }), "challenged");
});

Deno.test("passwordStep sends no challenge while codes are locked, and tells how long", async () => {
  const locked = { ...NO_FAILURES, locks: 1, lockedUntil: 5000 + 480_000 };
  const { verdict, recorded } = await play({ failures: locked });
  assert(verdict.outcome === "refused");
  assert.equal(verdict.reason, "codes_locked");
  assert.equal(
    verdict.told,
    "Too many wrong TOTP codes: try again in 8 minutes",
  );
  assert.deepEqual(recorded, []);
  const over = { ...locked, lockedUntil: 5000 };
  assert.equal((await play({ failures: over })).verdict.outcome, "challenged");
  const wrong = await play({ failures: locked, password: "wrong" });
  assert.deepEqual(wrong.verdict, refused("wrong_password"));
});

Deno.test("passwordStep shortens a lock that a clock set back has made too long", async () => {
  const locked = { ...NO_FAILURES, locks: 1, lockedUntil: 5000 + 90_000_000 };
  const { verdict, saved } = await play({ failures: locked });
  assert.equal(verdict.outcome, "refused");
  assert.deepEqual(saved, [{ ...locked, lockedUntil: 5000 + 86_400_000 }]);
});

Deno.test("passwordStep tells a client that cannot be asked the same, whatever its password", async () => {
  const reasons = [];
  for (
    const request of [
      {},
      { password: "wrong" },
      { loginName: "bob" },
      { disabledAt: 1 },
    ]
  ) {
    const places = new Map<string, PlaceFailures>();
    const { verdict } = await play({ ...request, method: null, places });
    assert(verdict.outcome === "refused");
    assert.match(verdict.told!, /^This VPN client cannot ask/);
    const networks = [...places.keys()].filter((key) => key.startsWith("network"));
    assert.equal(networks.length, 2, "and counts the same");
    reasons.push(verdict.reason);
  }
  assert.deepEqual(reasons, [
    "client_without_method",
    "wrong_password",
    "not_enrolled",
    "user_disabled",
  ]);
});

Deno.test("passwordStep gives PAM no name or password that C would truncate", async () => {
  for (const loginName of ["", "ali\0ce", "ali\nce"]) {
    for (const token of [undefined, { loginAt: 2_000_000_000_000 }]) {
      const { verdict, calls } = await play({
        loginName,
        ...token ? { token } : {},
      });
      assert.deepEqual(verdict, refused("bad_username"));
      assert.deepEqual(calls, []);
    }
  }
  const { verdict, calls } = await play({ password: "right\0" });
  assert.deepEqual(verdict, refused("bad_password"));
  assert.deepEqual(calls, []);
});

Deno.test("passwordStep lets a verified token in while account and enrolment last", async () => {
  const token = { loginAt: 1_700_000_001_000 };
  const { verdict, calls } = await play({ token, method: null });
  assert.deepEqual(verdict, { outcome: "accepted", by: "token" });
  assert.deepEqual(calls, ["account"]);
  const reason = async (loginName: string) => {
    const { verdict } = await play({ token, loginName });
    return "reason" in verdict ? verdict.reason : verdict.outcome;
  };
  assert.equal(await reason("Locked"), "account_refused");
  assert.equal(await reason("bob"), "not_enrolled");
  assert.equal(await reason("Known before"), "accepted");
});

Deno.test("passwordStep refuses a token of a login from before the enrolment", async () => {
  const play1 = async (loginAt: number) => (await play({ token: { loginAt } })).verdict.outcome;
  assert.equal(await play1(1_699_999_999_000), "refused");
  // A login in the second of the enrolment may have been before it.
  assert.equal(await play1(1_700_000_000_000), "refused");
  assert.equal(await play1(1_700_000_001_000), "accepted");
});

Deno.test("passwordStep tries no unverified token as a password", async () => {
  const { verdict, calls } = await play({ token: { loginAt: null } });
  assert.equal(verdict.outcome, "refused");
  assert.equal("reason" in verdict && verdict.reason, "token_refused");
  assert.deepEqual(calls, []);
});

Deno.test("passwordStep counts a guess before PAM answers, and takes it back if it was right", async () => {
  const key = "network 192.0.2.1";
  const places = new Map<string, PlaceFailures>();
  const meanwhile = () => assert.equal(places.get(key)?.level, 1);
  await play({ places, meanwhile });
  assert.deepEqual([...places], []);
  await play({ places, meanwhile, password: "wrong" });
  assert.equal(places.size, 4);
  places.clear();

  // Failures that happened elsewhere in the meantime stay.
  await play({ places, meanwhile: () => void places.set(key, failures(5, 4999)) });
  assert.deepEqual([...places], [[key, failures(4, 4999)]]);
});

Deno.test("passwordStep counts no failure of PAM itself", async () => {
  const places = new Map<string, PlaceFailures>();
  const meanwhile = () => assert.equal(places.size, 4, "a call that dies stays counted");
  for (let i = 0; i < 9; i++) {
    const { verdict } = await play({ places, meanwhile, password: "broken PAM" });
    assert.deepEqual(verdict, refused("pam_error"));
    assert.deepEqual([...places], []);
  }
});

Deno.test("passwordStep tells everybody to come back whom PAM has no time for, and counts nothing", async () => {
  const places = new Map<string, PlaceFailures>();
  for (const loginName of ["Alice", "bob"]) {
    for (let i = 0; i < 9; i++) {
      const { verdict } = await play({ places, loginName, password: "no time" });
      assert.deepEqual(verdict, refusedBusy("PAM's"));
      assert.deepEqual([...places], []);
    }
  }
});

Deno.test("passwordStep counts the same password of one user once, whatever refuses it", async () => {
  const refusals: Play[] = [
    { password: "wrong" },
    { loginName: "bob" },
    { disabledAt: 1 },
    { method: null },
  ];
  for (const request of refusals) {
    const [places, marks] = [new Map<string, PlaceFailures>(), new Set<string>()];
    for (let i = 0; i < 9; i++) await play({ ...request, places, marks });
    assert([...places.values()].every(({ level }) => level === 1));
    await play({ ...request, password: "another", places, marks });
    const isCounted = request.password !== undefined || request.method !== null;
    if (isCounted) assert.equal([...places.values()][0]!.level, 2);
  }
});

const KNOWN_KEY = "user 192.0.2.1 Alice";
const KNOWN = { username: "alice", lastLoginAt: 0, failures: NO_FAILURES };

Deno.test("passwordStep lets a known user answer only for their own failures", async () => {
  const places = new Map([
    ["network 192.0.2.1", failures(99)],
    ["network 192.0.2.0/24", failures(99)],
  ]);
  const outcome = async (change: Play) => {
    const { verdict } = await play({ places: new Map(places), ...change });
    return verdict.outcome;
  };
  assert.equal(await outcome({}), "refused");
  const known = new Map([[KNOWN_KEY, KNOWN]]);
  assert.equal(await outcome({ known }), "challenged");
  // Four weeks after the last login, nobody is known.
  const lapsed = { places, known, now: 28 * 86_400_000 };
  for (const key of places.keys()) places.set(key, failures(99, lapsed.now));
  assert.equal(await outcome(lapsed), "refused");
  // A client whose connection was let in elsewhere is known there.
  const elsewhere = new Map([["user 198.51.100.1 Alice", KNOWN]]);
  assert.equal(await outcome({ known: elsewhere }), "refused");
  assert.equal(
    await outcome({ known: elsewhere, connectedFrom: "198.51.100.1" }),
    "challenged",
  );

  const own = new Map<string, PlaceFailures>();
  for (let i = 0; i < 3; i++) await play({ places: own, known, password: `wrong ${i}` });
  assert.deepEqual([...own.keys()], [`known ${KNOWN_KEY}`, "spelling 192.0.2.1 alice"]);
  assert.equal(await outcome({ places: own, known }), "refused");
});

Deno.test("passwordStep counts all spellings of a name together, and takes back only its own", async () => {
  const places = new Map<string, PlaceFailures>();
  for (const loginName of ["ALICE", "alice ", "ａｌｉｃｅ"]) {
    const { verdict } = await play({ loginName, password: "wrong", places });
    assert.deepEqual(verdict, refused("wrong_password"));
  }
  for (const loginName of ["ALICE", "alice", "Alice"]) {
    const { verdict } = await play({ loginName, places });
    assert.equal("reason" in verdict && verdict.reason, "too_many_failures");
  }
  // Somebody whose own name has the same plain spelling takes back nobody else's guesses.
  const { verdict } = await play({ loginName: "Alice", places, now: 6000 });
  assert.equal(verdict.outcome, "challenged");
  assert.equal(places.get("spelling 192.0.2.1 alice")!.level, 3);
});

Deno.test("passwordStep takes a user's failures out of the networks once the password is right", async () => {
  const places = new Map([["network 192.0.2.1", failures(5)]]);
  for (let i = 0; i < 2; i++) await play({ places, password: `wrong ${i}` });
  assert.equal(places.get("network 192.0.2.1")!.level, 7);
  await play({ places });
  places.delete("network 192.0.2.0/24");
  assert.deepEqual([...places], [["network 192.0.2.1", failures(5)]]);
  // What a known user does is not in the networks' counts, and takes nothing out of them.
  const known = new Map([[KNOWN_KEY, KNOWN]]);
  for (let i = 0; i < 2; i++) await play({ places, known, password: `wrong ${i}` });
  await play({ places, known });
  assert.deepEqual([...places], [["network 192.0.2.1", failures(5)]]);
});

Deno.test("passwordStep makes a user known who has given all that they need", async () => {
  const known = new Map<string, KnownPlace>();
  await play({ known });
  await play({ known, password: "wrong" });
  await play({ known, method: "static", code: "999999" });
  assert.deepEqual([...known], [], "a right password is not enough");
  const code = await hotp(await hmacKey(SECRET), timeStepAt(5000));
  await play({ known, method: "static", code });
  assert.deepEqual([...known], [[KNOWN_KEY, { ...KNOWN, lastLoginAt: 5000 }]]);
  known.clear();
  const exemption = { username: "alice", since: 0, until: null, from: null };
  await play({ known, exemption });
  // Once the exemption has ended, wrong codes would count apart there.
  assert.deepEqual([...known.keys()], [], "an enrolled user has to give a code");
  // A certificate alone shows no password.
  await play({
    known,
    exemption,
    external: true,
    loginName: "alice",
    commonName: "alice",
  });
  assert.deepEqual([...known.keys()], []);
});

Deno.test("passwordStep holds wrong codes of a known place against that place alone", async () => {
  const locked = { ...NO_FAILURES, locks: 1, lockedUntil: 9000 };
  const known = new Map([[KNOWN_KEY, KNOWN]]);
  assert.equal((await play({ failures: locked })).verdict.outcome, "refused");
  assert.equal((await play({ failures: locked, known })).verdict.outcome, "challenged");
  const wrong = await play({ known, method: "static", code: "999999" });
  assert.deepEqual(wrong.saved, [], "the user's count elsewhere stays");
  assert.equal(known.get(KNOWN_KEY)!.failures.count, 1);
  const here = new Map([[KNOWN_KEY, { ...KNOWN, failures: locked }]]);
  assert.equal((await play({ known: here })).verdict.outcome, "refused");
  // Somebody else's place says nothing about this user.
  const others = new Map([[KNOWN_KEY, { ...KNOWN, username: "bob" }]]);
  assert.equal((await play({ failures: locked, known: others })).verdict.outcome, "refused");
});

Deno.test("passwordStep, if another factor decides, challenges everybody alike", async () => {
  const external = true;
  const alice = await play({ external, loginName: "alice", password: "x" });
  assert.deepEqual(alice.verdict, { outcome: "challenged", by: "crtext" });
  assert.equal(alice.recorded.length, 1);
  // Only the log tells that a user is not enrolled.
  const bob = await play({ external, loginName: "bob", password: "x" });
  assert.deepEqual(bob.verdict, {
    outcome: "challenged",
    by: "crtext",
    reason: "not_enrolled",
  });
  assert.deepEqual(bob.recorded, []);
  const locked = { ...NO_FAILURES, locks: 1, lockedUntil: 99_000 };
  const held = await play({ external, loginName: "alice", failures: locked });
  assert.deepEqual(held.verdict, { outcome: "challenged", by: "crtext" });
});

Deno.test("passwordStep, if another factor decides, bounds open challenges, and counts them once they expire", async () => {
  for (const loginName of ["alice", "bob"]) {
    const [places, open] = [new Map<string, PlaceFailures>(), [] as OpenAttempt[]];
    const ask = async (change: Play) => {
      const request = { external: true, loginName, places, open, ...change };
      const { verdict } = await play(request);
      return verdict.outcome === "refused" ? verdict.reason : verdict.outcome;
    };
    for (let i = 0; i < 3; i++) {
      assert.equal(await ask({ password: `${i}` }), "challenged");
      open.at(-1)!.id = `open ${i}`;
    }
    assert.equal(await ask({ password: "one more" }), "too_many_failures");
    assert.equal(await ask({ loginName: "carol" }), "challenged", "others are not held");
    assert.deepEqual([...places], [], "an open challenge is no failure");
    assert.equal(await ask({ password: "later", now: 305_000 }), "too_many_failures");
    assert.equal(places.get(`user 192.0.2.1 ${loginName}`)!.level, 3);
  }
});

Deno.test("passwordStep, if another factor decides, counts open challenges with the same password once", async () => {
  const [open, marks] = [[] as OpenAttempt[], new Set<string>()];
  for (let i = 0; i < 9; i++) {
    const { verdict } = await play({ external: true, loginName: "alice", open, marks });
    assert.equal(verdict.outcome, "challenged");
  }
  assert.deepEqual(open.map(({ places }) => places.length), [4, ...Array(8).fill(0)]);
});

Deno.test("passwordStep, if another factor decides, lets an exempt user in whatever the network does", async () => {
  const exemption = { username: "alice", since: 0, until: null, from: null };
  const places = new Map([["network 192.0.2.1", failures(99)]]);
  const request = { external: true, loginName: "alice", commonName: "alice", places };
  assert.equal((await play({ ...request, exemption })).verdict.outcome, "accepted");
  assert.equal((await play(request)).verdict.outcome, "refused");
});

Deno.test("passwordStep, if another factor decides, refuses inside a wait", async () => {
  const places = new Map([["user 192.0.2.1 alice", failures(9)]]);
  const { verdict } = await play({
    external: true,
    loginName: "alice",
    places,
  });
  assert.equal("reason" in verdict && verdict.reason, "too_many_failures");
});

Deno.test("passwordStep, if another factor decides, accepts a verified token of an enrolled user", async () => {
  const token = { loginAt: 1_700_000_001_000 };
  const play1 = async (loginName: string) =>
    (await play({ external: true, token, loginName })).verdict.outcome;
  assert.equal(await play1("alice"), "accepted");
  assert.equal(await play1("bob"), "refused");
});

Deno.test("passwordStep takes a code that came along, once, and challenges nobody for it", async () => {
  const code = await hotp(await hmacKey(SECRET), timeStepAt(5000));
  const right = await play({ method: "static", code });
  assert.deepEqual(right.verdict, { outcome: "accepted", by: "code" });
  assert.deepEqual(right.logins, [
    { username: "alice", loginName: "Alice", timeStep: 0, at: 5000 },
  ]);
  assert.deepEqual(right.recorded, []);
  const wrong = await play({ method: "append", code: "999999" });
  assert.equal("reason" in wrong.verdict && wrong.verdict.reason, "wrong_code");
  assert.equal(wrong.saved.at(-1)!.count, 1);
  const none = await play({ method: "static" });
  assert.deepEqual(none.verdict, refused("malformed_code"));
  // The code is not looked at before the password is right.
  const guess = await play({ method: "static", code, password: "wrong" });
  assert.deepEqual(guess.verdict, refused("wrong_password"));
  assert.deepEqual(guess.logins, []);
});

Deno.test("passwordStep records a dynamic challenge under an id that nobody can guess", async () => {
  const { verdict, recorded } = await play({ method: "dynamic" });
  assert(verdict.outcome === "challenged");
  assert.equal(verdict.stateId?.reveal(), "state");
  const digest = createHash("sha256").update("state").digest("hex");
  assert.equal(recorded[0]!.id, `CRV1 ${digest}`);
});

Deno.test("passwordStep lets an exempt user in with the password, within the exemption's network and time", async () => {
  const exemption = {
    username: "alice",
    since: 0,
    until: 9000,
    from: "192.0.2.0/24",
  };
  const outcome = async (change: Play = {}) => {
    const { verdict } = await play({ exemption, ...change });
    return "by" in verdict ? verdict.by : verdict.reason;
  };
  assert.equal(await outcome(), "exemption");
  // The user is let in, although this client cannot be asked for a code.
  assert.equal(
    await outcome({ method: null, loginName: "alice" }),
    "exemption",
  );
  assert.equal(await outcome({ password: "wrong" }), "wrong_password");
  assert.equal(await outcome({ now: 9000 }), "crtext");
  assert.equal(
    await outcome({ exemption: { ...exemption, from: "10.0.0.0/8" } }),
    "crtext",
  );
  const bob = { ...exemption, username: "bob" };
  assert.equal(
    await outcome({ exemption: bob, loginName: "bob" }),
    "exemption",
  );
  assert.equal(await outcome({ exemption: bob }), "crtext");
  assert.equal(await outcome({ disabledAt: 1 }), "user_disabled");
  // Without a proven password, the certificate must contain the name.
  const external = { external: true, loginName: "alice" };
  assert.equal(await outcome(external), "crtext");
  assert.equal(await outcome({ ...external, commonName: "bob" }), "crtext");
  assert.equal(
    await outcome({ ...external, commonName: "alice" }),
    "exemption",
  );
});

Deno.test("passwordStep refuses the token of a login without a code once the exemption has ended", async () => {
  const loginAt = 1_700_000_001_000;
  const outcome = async (change: Play) => {
    const { verdict } = await play({ token: { loginAt }, ...change });
    return verdict.outcome;
  };
  assert.equal(await outcome({ uncodedLoginAt: loginAt - 1000 }), "accepted");
  assert.equal(await outcome({ uncodedLoginAt: loginAt }), "refused");
  const exemption = { username: "alice", since: 0, until: null, from: null };
  assert.equal(
    await outcome({ uncodedLoginAt: loginAt, exemption }),
    "accepted",
  );
  assert.equal(
    await outcome({ loginName: "bob", admitsUnenrolled: true }),
    "refused",
  );
  const { uncoded } = await play({ exemption });
  // A token's time is in whole seconds, and OpenVPN makes it once the call has ended.
  const session = { username: "alice", since: 4000, until: 30_000 };
  assert.deepEqual(uncoded, [session]);
  const external = await play({
    exemption,
    external: true,
    loginName: "alice",
    commonName: "alice",
  });
  assert.deepEqual(external.uncoded, [session]);
  const unenrolled = await play({ loginName: "bob", admitsUnenrolled: true });
  assert.deepEqual(unenrolled.uncoded, [{ ...session, username: "bob" }]);
});

Deno.test("passwordStep refuses a disabled user like one who is not enrolled, and their token", async () => {
  const places = new Map<string, PlaceFailures>();
  const { verdict } = await play({ disabledAt: 1, places });
  assert.deepEqual(verdict, refused("user_disabled"));
  assert.equal(places.size, 4);
  const token = { loginAt: 1_700_000_001_000 };
  const later = await play({ disabledAt: 1, token });
  assert.deepEqual(later.verdict, refused("user_disabled"));
  const external = await play({
    disabledAt: 1,
    external: true,
    loginName: "alice",
  });
  assert.deepEqual(external.verdict, {
    outcome: "challenged",
    by: "crtext",
    reason: "user_disabled",
  });
  assert.deepEqual(external.recorded, []);
});

Deno.test("passwordStep lets users who are not enrolled in only when told to, and warns", async () => {
  const allow = await play({ loginName: "bob", admitsUnenrolled: true });
  assert(allow.verdict.outcome === "accepted");
  assert.equal(allow.verdict.by, "password");
  assert.match(allow.verdict.warning!, /totpUnenrolled allow/);
  const wrong = await play({
    loginName: "bob",
    admitsUnenrolled: true,
    password: "wrong",
  });
  assert.deepEqual(wrong.verdict, refused("wrong_password"));
  const alice = await play({ admitsUnenrolled: true });
  assert.equal(alice.verdict.outcome, "challenged");
  const external = await play({
    loginName: "bob",
    admitsUnenrolled: true,
    external: true,
  });
  assert.equal(external.verdict.outcome, "challenged");
});

Deno.test("passwordStep returns a due warning with a challenge", async () => {
  const notice = { name: "x", text: "add a line" };
  const { verdict } = await play({ notice });
  assert.equal("warning" in verdict && verdict.warning, "add a line");
});
