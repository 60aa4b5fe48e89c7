import fc from "fast-check";
import type { Attempt } from "../../src/core/challenge.ts";
import { BLOCKED, type Sent } from "./login_rules.ts";
import type { LoginTrial, Typed } from "./login_trial.ts";

/** Something that somebody does; its effect is compared with the model's. */
export type LoginAct = fc.AsyncCommand<LoginTrial, LoginTrial>;

/** An act made from what an arbitrary gives, with a name for counterexamples. */
export function act<T>(
  name: string,
  values: fc.Arbitrary<T>,
  doIt: (trial: LoginTrial, value: T) => Promise<void> | void,
): fc.Arbitrary<LoginAct> {
  return values.map((value) => ({
    check: () => true,
    run: async (_, trial) => {
      await doIt(trial, value);
      trial.assertSound();
    },
    toString: () => `${name}(${JSON.stringify(value)})`,
  }));
}

const often = <T>(arbitrary: fc.Arbitrary<T>, weight: number) => ({
  arbitrary,
  weight,
});

/** A client with the right password that is asked for the code. */
export const RIGHT: Sent = { password: "right", method: "crtext", code: null };

/** PAM knows Alice as alice, and takes blanks as they are; carol is not enrolled at first. */
const loginName = fc.oneof(
  often(fc.constantFrom("alice", "alice", "Alice"), 9),
  often(fc.constantFrom("alice ", "Carol "), 1),
  often(fc.constantFrom("bob", "carol", BLOCKED, ""), 3),
);
/** A user, who is usually enrolled. */
export const username = fc.constantFrom(
  "alice",
  "alice",
  "bob",
  "carol",
  BLOCKED,
);
/** Who connects. */
export const from = fc.record({
  loginName,
  commonName: fc.constantFrom(null, "laptop", "phone", "alice", "alice", "Alice"),
  address: fc.oneof(
    often(fc.constantFrom("192.0.2.1", "192.0.2.1", "2001:db8::1"), 3),
    often(fc.constantFrom("192.0.2.2", "2001:db8::2", "64:ff9b::c000:201", null), 2),
    fc.constantFrom("2001:db8:0:1::1", "2001:db8:0:100::1"),
  ),
});
/** How many times something is done. */
export const few = fc.integer({ min: 1, max: 6 });
/** How a client that sent no code is asked for it. */
export const asked = fc.constantFrom<Sent["method"]>(
  "crtext",
  "crtext",
  "dynamic",
);

/** Which attempt, counted from the newest: among those with an open challenge, or among all. */
export const which = fc.oneof(
  often(fc.record({ back: fc.nat(1), isOpen: fc.constant(true) }), 4),
  fc.record({ back: fc.nat(6), isOpen: fc.constant(false) }),
);

/** An earlier attempt, or one that was never challenged. */
export function attemptOf(
  { reachable, model }: LoginTrial,
  { back, isOpen }: { back: number; isOpen: boolean },
): Attempt {
  const open = model.openChallenges();
  const among = reachable.filter(({ id }) => !isOpen || open.includes(id));
  return among.at(-1 - back) ?? {
    id: "/run/none",
    loginName: "alice",
    commonName: null,
    address: null,
  };
}

const typed: fc.Arbitrary<Typed> = fc.oneof(
  often(fc.record({ step: fc.constant(0) }), 4),
  often(fc.record({ step: fc.integer({ min: -4, max: 4 }) }), 2),
  often(fc.record({ recovery: fc.nat(3) }), 2),
  often(fc.record({ wrong: fc.nat(2) }), 1),
  fc.constant(null),
);

const connect = act(
  "connect",
  fc.record({ from, method: asked }),
  (trial, { from, method }) => trial.password(trial.begin(from), { ...RIGHT, method }),
);

const connectOtherwise = act(
  "connectOtherwise",
  fc.record({
    from,
    password: fc.constantFrom<Sent["password"]>(
      "wrong",
      "right",
      "right",
      "PAM fails",
      "has a NUL",
    ),
    method: fc.constantFrom<Sent["method"]>("crtext", "dynamic", null),
    nth: fc.nat(3),
    connectedFrom: fc.constantFrom(null, null, "192.0.2.1", "192.0.2.2", "2001:db8::1"),
  }),
  (trial, { from, ...sent }) => trial.password(trial.begin(from), { ...sent, code: null }),
);

const bringCode = act(
  "bringCode",
  fc.record({
    from,
    typed,
    password: fc.constantFrom<Sent["password"]>("right", "right", "wrong"),
    method: fc.constantFrom<Sent["method"]>("static", "append"),
  }),
  (trial, { from, typed, password, method }) => {
    const attempt = trial.begin(from);
    const code = trial.codeFor(attempt, typed);
    return trial.password(attempt, { password, method, code });
  },
);

const guessPasswords = act(
  "guessPasswords",
  fc.record({ from, times: few, first: fc.nat(20), step: fc.constantFrom(0, 1, 1) }),
  async (trial, { from, times, first, step }) => {
    for (let i = 0; i < times; i++) {
      const nth = first + i * step;
      await trial.password(trial.begin(from), { ...RIGHT, password: "wrong", nth });
    }
  },
);

/** Failures from a whole network, with one right password among them. */
const guessNames = act(
  "guessNames",
  fc.record({ from, times: few, more: few }),
  async (trial, { from, times, more }) => {
    for (let i = 0; i <= times + more; i++) {
      const isGuess = i !== times;
      const loginName = isGuess ? `guest${trial.attempts.length}` : "bob";
      const attempt = trial.begin({ ...from, loginName });
      const password = isGuess ? "wrong" : "right";
      await trial.password(attempt, { ...RIGHT, password });
    }
  },
);

const connectAgain = act("connectAgain", which, (trial, which) => {
  const attempt = attemptOf(trial, which);
  // A state id is never the id of an attempt that OpenVPN makes.
  return trial.isDynamic(attempt) ? undefined : trial.password(attempt, RIGHT);
});

const token = act(
  "token",
  fc.record({
    from,
    secondsAgo: fc.option(fc.constantFrom(-1, 0, 1, 60, 7200)),
  }),
  (trial, { from, secondsAgo }) => {
    const { now } = trial.model;
    // A token's time is in whole seconds.
    const loginAt = secondsAgo === null ? null : (Math.floor(now / 1000) - secondsAgo) * 1000;
    return trial.token(trial.begin(from), loginAt);
  },
);

const answer = act(
  "answer",
  fc.record({
    which,
    typed,
    from: fc.oneof(
      often(fc.constant({}), 4),
      fc.record({ address: fc.constantFrom("192.0.2.9", null) }),
      fc.record({ loginName: fc.constantFrom("alice", "Alice", "bob") }),
      fc.record({ commonName: fc.constantFrom("alice", "Alice", "x", null) }),
    ),
    isOtherWay: fc.oneof(often(fc.constant(false), 8), fc.constant(true)),
  }),
  (trial, { which, typed, from, isOtherWay }) => {
    const attempt = attemptOf(trial, which);
    const isNewConnection = trial.isDynamic(attempt) !== isOtherWay;
    const code = trial.codeFor(attempt, typed);
    return trial.code({ ...attempt, ...from }, code, isNewConnection);
  },
);

/** A complete login, and one further answer. */
const login = act(
  "login",
  fc.record({
    from,
    method: asked,
    address: fc.option(fc.constantFrom("192.0.2.1", "192.0.2.9"), { freq: 3 }),
    first: fc.oneof(
      often(fc.record({ step: fc.integer({ min: -1, max: 1 }) }), 3),
      fc.record({ recovery: fc.nat(1) }),
    ),
    second: fc.option(typed),
    lateMs: fc.constantFrom(null, null, null, null, -1, 0),
  }),
  async (trial, { from, method, address, first, second, lateMs }) => {
    await trial.password(trial.begin(from), { ...RIGHT, method });
    const { challengeSeconds } = trial.model.rules;
    if (lateMs !== null) trial.pass(challengeSeconds * 1000 + lateMs);
    const attempt = trial.attempts.at(-1)!;
    const answers = second === null ? [first] : [first, second];
    for (const typed of answers) {
      const code = trial.codeFor(attempt, typed);
      const moved = { ...attempt, address: address ?? attempt.address };
      await trial.code(moved, code);
    }
  },
);

const guessCodes = act(
  "guessCodes",
  fc.record({
    from,
    method: fc.constantFrom<Sent["method"]>("crtext", "static", "dynamic"),
    times: few,
    n: fc.nat(20),
    isOneCode: fc.boolean(),
    pauseSeconds: fc.constantFrom(0, 0, 1, 40, 100),
  }),
  async (trial, { from, method, times, n, isOneCode, pauseSeconds }) => {
    for (let i = 0; i < times; i++) {
      const attempt = trial.begin(from);
      const wrong = isOneCode ? n : n + i;
      const code = trial.codeFor(attempt, { wrong });
      if (method === "static") {
        await trial.password(attempt, { ...RIGHT, method, code });
      } else {
        await trial.password(attempt, { ...RIGHT, method });
        await trial.code(trial.attempts.at(-1)!, code);
      }
      trial.pass(pauseSeconds * 1000);
    }
  },
);

/** What users and strangers do. */
export const logins = [
  ...[connect, connect, connectOtherwise, connectOtherwise, connectAgain],
  ...[token, bringCode, bringCode, bringCode, guessPasswords, guessNames],
  ...[login, login, login, answer, answer, answer, answer, guessCodes],
];
