import fc from "fast-check";
import type { Store } from "../../src/store/store.ts";
import { administration, setBack } from "./admin_acts.ts";
import { type LoginAct, logins } from "./login_acts.ts";
import { courses } from "./login_courses.ts";
import { LoginModel } from "./login_model.ts";
import { LoginRig } from "./login_rig.ts";
import { BLOCKED, type Rules } from "./login_rules.ts";
import { LoginTrial } from "./login_trial.ts";

/** Whatever clients and administrators may do, in any order. */
export const anyActs = fc.commands([...logins, ...courses, ...administration], {
  maxCommands: 60,
  size: "max",
});

/**
 * The same with a clock that is not set back. How old a failure is that nobody looks for any more, only
 * SQLite decides as the model does: PostgreSQL forgets less.
 */
export const actsInOrder = fc.commands(
  [...logins, ...courses, ...administration].filter((act) => act !== setBack),
  { maxCommands: 60, size: "max" },
);

/** Has the model and the real steps, on an empty store, do the same, and compares what comes of it. */
export async function playLogins(
  store: Store,
  keyFile: string,
  { rules, acts }: { rules: Rules; acts: Iterable<LoginAct> },
): Promise<void> {
  const trial = new LoginTrial(new LoginModel(rules), new LoginRig(store, keyFile, rules));
  for (const name of ["alice", "bob", BLOCKED]) await trial.enrol(name);
  trial.pass(5000);
  await fc.asyncModelRun(() => ({ model: trial, real: trial }), acts);
}
