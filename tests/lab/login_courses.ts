import fc from "fast-check";
import type { Attempt } from "../../src/core/challenge.ts";
import { act, asked, few, from, RIGHT } from "./login_acts.ts";
import { CORRECTED, HOUR, MINUTE, pamNameOf, SECOND, WEEKS } from "./login_rules.ts";
import type { LoginTrial } from "./login_trial.ts";

const home = fc.constantFrom("192.0.2.1", "2001:db8::1");
const elsewhere = fc.constantFrom("192.0.2.2", "2001:db8:0:1::1", "64:ff9b::c000:201");
const enrolledName = fc.constantFrom("alice", "Alice", "bob");

/** A user logs in, goes elsewhere with the connection, and fails there; then comes in anew. */
const roam = act(
  "roam",
  fc.record({
    loginName: enrolledName,
    here: home,
    there: elsewhere,
    times: few,
    method: asked,
  }),
  async (trial, { loginName, here, there, times, method }) => {
    const from = { loginName, commonName: null };
    await trial.password(trial.begin({ ...from, address: here }), { ...RIGHT, method });
    const attempt = trial.attempts.at(-1)!;
    await trial.code(attempt, trial.codeFor(attempt, { step: 0 }));
    const wrong = { ...RIGHT, password: "wrong" } as const;
    for (const connectedFrom of [here, null]) {
      for (let nth = 0; nth < times; nth++) {
        const sent = { ...wrong, nth: nth + trial.attempts.length, connectedFrom };
        await trial.password(trial.begin({ ...from, address: there }), sent);
        // Until the next wait is over.
        trial.pass(2 ** nth * SECOND);
      }
      // Others there have to wait for none of this while the user is known.
      const guest = {
        loginName: `guest${trial.attempts.length}`,
        commonName: null,
        address: there,
      };
      await trial.password(trial.begin(guest), wrong);
      const sent = { ...RIGHT, method, connectedFrom };
      await trial.password(trial.begin({ ...from, address: there }), sent);
    }
  },
);

/** Answers to challenges that nobody sent, each of another one or always of the same. */
const answerNothing = act(
  "answerNothing",
  fc.record({ from, times: few, isDynamic: fc.boolean(), seconds: fc.constantFrom(0, 0, 1, 60) }),
  async (trial, { from, times, isDynamic, seconds }) => {
    for (let i = 0; i < times; i++) {
      const id = `none ${isDynamic ? i : 0}`;
      await trial.code({ id, ...from }, "123456", isDynamic);
      trial.pass(seconds * 1000);
    }
  },
);

/** The same wrong password, until it is forgotten and counts again; then another one. */
const repeatPassword = act(
  "repeatPassword",
  fc.record({ from, method: asked, ms: fc.constantFrom(-1000, -1, 0, 1000) }),
  async (trial, { from, method, ms }) => {
    const wrong = { ...RIGHT, password: "wrong", method, nth: trial.attempts.length } as const;
    await trial.password(trial.begin(from), wrong);
    trial.pass(50 * MINUTE);
    await trial.password(trial.begin(from), wrong);
    trial.pass(10 * MINUTE + ms);
    for (const nth of [wrong.nth, wrong.nth, wrong.nth + 1, wrong.nth + 2]) {
      await trial.password(trial.begin(from), { ...wrong, nth });
    }
  },
);

/** A user locks their own codes at home, logs in there when the lock has ended, and errs again. */
const lockAtHome = act(
  "lockAtHome",
  fc.record({
    loginName: enrolledName,
    address: home,
    before: fc.constantFrom(0, 0, WEEKS - MINUTE, WEEKS),
    hours: fc.constantFrom(0, 1, 23, 24),
  }),
  async (trial, { loginName, address, before, hours }) => {
    const from = { loginName, commonName: null, address };
    const logIn = async (typed: { step: number } | { wrong: number }) => {
      await trial.password(trial.begin(from), RIGHT);
      const attempt = trial.attempts.at(-1)!;
      await trial.code(attempt, trial.codeFor(attempt, typed));
    };
    await logIn({ step: 0 });
    for (const nth of [0, 1]) {
      trial.pass(before);
      for (let i = 0; i < trial.model.rules.maxFailures; i++) {
        await logIn({ wrong: 100 * nth + i + 1 });
        trial.pass(SECOND);
      }
      trial.pass(HOUR + hours * HOUR);
      await logIn({ step: 0 });
    }
  },
);

/** Attempts that wait for a code all at once; one is answered, and what became of the others shows. */
const openMany = act(
  "openMany",
  fc.record({
    from,
    method: asked,
    times: fc.constantFrom(2, 3, 3, 4),
    isRight: fc.constantFrom(true, true, false),
    address: fc.option(elsewhere, { freq: 2 }),
  }),
  async (trial, { from, method, times, isRight, address }) => {
    const some = {
      ...RIGHT,
      password: trial.model.rules.mode === "pam" ? "right" : "wrong",
    } as const;
    const send = (nth: number) => trial.password(trial.begin(from), { ...some, method, nth });
    const first = trial.attempts.length;
    for (let i = 0; i < times; i++) await send(first + i);
    const open = trial.model.openChallenges();
    const attempt = trial.attempts.findLast(({ id }) => open.includes(id)) ??
      trial.attempts.at(-1)!;
    const code = trial.codeFor(attempt, isRight ? { step: 0 } : { wrong: 1 });
    await trial.code({ ...attempt, address: address ?? attempt.address }, code);
    for (const ms of [0, 300 * SECOND - 1, 1, MINUTE]) {
      trial.pass(ms);
      await send(trial.attempts.length);
    }
  },
);

/**
 * Users answer their challenges while others in the network have to wait: also users whom no code lets
 * in, as nobody is to learn who they are.
 */
const answerBesideOthers = act(
  "answerBesideOthers",
  fc.record({
    loginName: fc.constantFrom("alice", "carol"),
    address: home,
    method: asked,
    times: fc.integer({ min: 4, max: 16 }),
  }),
  async (trial, { loginName, address, method, times }) => {
    const from = { commonName: null, address };
    await trial.password(trial.begin({ ...from, loginName }), { ...RIGHT, method });
    const attempt = trial.attempts.at(-1)!;
    for (let i = 0; i < times; i++) {
      const guest = { ...from, id: "none", loginName: `guest${i}` };
      await trial.code(guest, "123456", false);
    }
    await trial.code(attempt, trial.codeFor(attempt, { wrong: 1 }));
  },
);

/** The clock is corrected between a challenge and its answer, and after an exemption began. */
const correctClock = act(
  "correctClock",
  fc.record({
    loginName: enrolledName,
    address: home,
    method: asked,
    ms: fc.constantFrom(CORRECTED, CORRECTED + 1, CORRECTED - 1),
  }),
  async (trial, { loginName, address, method, ms }) => {
    const from = { loginName, commonName: loginName, address };
    await trial.password(trial.begin(from), { ...RIGHT, method });
    const attempt = trial.attempts.at(-1)!;
    trial.pass(-ms);
    await trial.code(attempt, trial.codeFor(attempt, { step: 0 }));
    trial.pass(ms);
    const user = trial.model.rules.mode === "pam" ? pamNameOf(loginName) : loginName;
    await trial.exempt(user, { until: null, from: null });
    trial.pass(-ms);
    await trial.password(trial.begin(from), { ...RIGHT, method });
    await trial.endExemption(user);
    trial.pass(ms);
  },
);

/** PAM fails some times, whatever the password; then it is back. */
const pamFails = act(
  "pamFails",
  fc.record({ from, method: asked, times: few }),
  async (trial, { from, method, times }) => {
    for (let nth = 0; nth < times; nth++) {
      const sent = { ...RIGHT, password: "PAM fails", method, nth } as const;
      await trial.password(trial.begin(from), sent);
    }
    await trial.password(trial.begin(from), { ...RIGHT, method });
  },
);

/** Seconds from an event on, around those in which its session may begin. */
const after = fc.array(fc.constantFrom(-57, -56, -55, -2, -1, 0, 1, 9, 10, 11, 24, 25, 26), {
  minLength: 4,
  maxLength: 7,
});

/** Tokens from around a moment that has passed. */
async function sendTokens(
  trial: LoginTrial,
  from: Omit<Attempt, "id">,
  at: number,
  after: readonly number[],
): Promise<void> {
  for (const seconds of after) {
    const loginAt = (Math.floor(at / SECOND) + seconds) * SECOND;
    await trial.token(trial.begin(from), loginAt);
  }
}

/** A user who is exempt for a while logs in; then the session's token comes, and others'. */
const exemptForAWhile = act(
  "exemptForAWhile",
  fc.record({ loginName: enrolledName, address: home, after, isBoth: fc.boolean() }),
  async (trial, { loginName, address, after, isBoth }) => {
    const from = { loginName, commonName: loginName, address };
    const user = trial.model.rules.mode === "pam" ? pamNameOf(loginName) : loginName;
    const logIn = () => trial.password(trial.begin(from), RIGHT);
    await trial.exempt(user, { until: null, from: null });
    const at = trial.model.now;
    await logIn();
    trial.pass(HOUR);
    if (isBoth) await logIn();
    await trial.endExemption(user);
    trial.pass(MINUTE);
    await sendTokens(trial, from, at, after);
    if (isBoth) await sendTokens(trial, from, at + HOUR / 2, after);
  },
);

/** A user is enrolled again or disabled for a while; then tokens come from before and after. */
const renew = act(
  "renew",
  fc.record({ username: fc.constantFrom("alice", "bob"), isEnrolled: fc.boolean(), after }),
  async (trial, { username, isEnrolled, after }) => {
    const at = trial.model.now;
    if (isEnrolled) await trial.enrol(username);
    else {
      await trial.setDisabled(username, true);
      await trial.setDisabled(username, false);
    }
    trial.pass(MINUTE);
    const from = { loginName: username, commonName: username, address: null };
    await sendTokens(trial, from, at, after);
  },
);

/** What takes several steps that hardly come one after the other by chance. */
export const courses = [
  ...[roam, answerNothing, repeatPassword, lockAtHome, openMany, openMany],
  ...[exemptForAWhile, renew, pamFails, correctClock, answerBesideOthers],
];
