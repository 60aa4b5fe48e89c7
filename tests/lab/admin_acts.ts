import fc from "fast-check";
import { act, asked, from, RIGHT, username } from "./login_acts.ts";
import { NETWORKS, SECOND, WEEKS } from "./login_rules.ts";

const administer = act(
  "administer",
  fc.record({
    what: fc.constantFrom("enrol", "delete", "unlock", "rekey"),
    username,
  }),
  (trial, { what, username }) =>
    what === "rekey" ? trial.rekey() : trial[what as "enrol" | "delete" | "unlock"](username),
);

const giveRecoveryCodes = act(
  "giveRecoveryCodes",
  username,
  (trial, username) => trial.replaceRecoveryCodes(username),
);

const setDisabled = act(
  "setDisabled",
  fc.record({ username, isDisabled: fc.constantFrom(true, false, false) }),
  (trial, { username, isDisabled }) => trial.setDisabled(username, isDisabled),
);

/** A user by PAM's own name, or by another. */
const exemptName = fc.oneof(username, fc.constantFrom("Alice", "carol"));
const exempt = act(
  "exempt",
  fc.record({
    username: exemptName,
    from: fc.constantFrom(null, null, ...Object.keys(NETWORKS)),
    seconds: fc.option(fc.constantFrom(1, 60, 3600)),
  }),
  (trial, { username, from, seconds }) => {
    const until = seconds === null ? null : trial.model.now + seconds * 1000;
    return trial.exempt(username, { from, until });
  },
);

const endExemption = act(
  "endExemption",
  exemptName,
  (trial, username) => trial.endExemption(username),
);

/** Logins by a disabled user, who may be exempt. */
const tryDisabled = act(
  "tryDisabled",
  fc.record({ from, method: asked, isExempt: fc.boolean() }),
  async (trial, { from, method, isExempt }) => {
    const name = from.loginName.toLowerCase();
    if (isExempt) await trial.exempt(name, { from: null, until: null });
    await trial.setDisabled(name, true);
    await trial.password(trial.begin(from), { ...RIGHT, method });
    await trial.token(trial.begin(from), trial.model.now);
    await trial.setDisabled(name, false);
    if (isExempt) await trial.endExemption(name);
  },
);

/** Spans from seconds to hours, often around moments when something ends. */
const seconds = fc.oneof(
  fc.constantFrom(
    ...[1, 29.999, 30, 30, 59, 60, 61, 120, 299, 300, 599.999, 600],
    ...[3599, 3600, 86_399, 86_400, 90_000],
  ),
  fc.integer({ min: 0, max: 400 }),
  fc.integer({ min: 0, max: 8000 }),
);
const wait = act(
  "wait",
  seconds,
  (trial, seconds) => trial.pass(seconds * 1000),
);
/** Weeks, until users are no longer known where they logged in. */
const waitForWeeks = act(
  "waitForWeeks",
  fc.constantFrom(-1, 0, 1),
  (trial, seconds) => trial.pass(WEEKS + seconds * SECOND),
);
/** The clock is set back, by far more than a correction. */
export const setBack = act(
  "setBack",
  seconds,
  (trial, seconds) => trial.pass(-seconds * 1000),
);

/** What an administrator does, and changes of the clock. */
export const administration = [
  ...[administer, giveRecoveryCodes, setDisabled, tryDisabled],
  ...[exempt, endExemption, endExemption],
  ...[wait, wait, wait, wait, setBack, waitForWeeks],
];
