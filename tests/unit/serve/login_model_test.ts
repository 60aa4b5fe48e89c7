import fc from "fast-check";
import { openStore } from "../../../src/store/open_store.ts";
import { LONGEST_LOGIN_MS } from "../../../src/serve/limits.ts";
import { administration } from "../../lab/admin_acts.ts";
import { serviceActs } from "../../lab/desk_acts.ts";
import { DeskRig } from "../../lab/desk_rig.ts";
import { DeskTrial } from "../../lab/desk_trial.ts";
import { holds } from "../../lab/fuzz.ts";
import { type LoginAct, logins } from "../../lab/login_acts.ts";
import { courses } from "../../lab/login_courses.ts";
import { LoginModel } from "../../lab/login_model.ts";
import { BLOCKED, type Rules, SECOND } from "../../lab/login_rules.ts";
import { rulesIn } from "../../lab/login_settings.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";

const acts = fc.commands([...logins, ...courses, ...administration, ...serviceActs], {
  maxCommands: 60,
  size: "max",
});

/** OpenVPN makes a session's token when it asks, and goes on with other work. */
const BEGINS_BY_SERVICE = { before: LONGEST_LOGIN_MS, after: 10 * SECOND };

async function play(rules: Rules, acts: Iterable<LoginAct>): Promise<void> {
  await using directory = await makeTestDirectory(memoryDirectory());
  const database = { engine: "sqlite", path: directory.db } as const;
  using store = await openStore({ database, create: true, busyTimeoutMs: 0 });
  using rig = new DeskRig(store, directory.db, `${directory.path}/key`, rules);
  const trial = new DeskTrial(new LoginModel(rules, BEGINS_BY_SERVICE), rig);
  for (const name of ["alice", "bob", BLOCKED]) await trial.enrol(name);
  trial.pass(5000);
  await fc.asyncModelRun(() => ({ model: trial, real: trial }), acts);
}

Deno.test("the service decides as the model says, whatever clients, OpenVPN and administrators do", async () => {
  await holds(fc.asyncProperty(rulesIn("pam"), acts, play), 40);
});

Deno.test("the service decides as the model says if another factor decides about the password", async () => {
  await holds(fc.asyncProperty(rulesIn("external"), acts, play), 40);
});
