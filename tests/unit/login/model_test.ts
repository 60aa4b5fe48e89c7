import fc from "fast-check";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { holds } from "../../lab/fuzz.ts";
import { administration } from "../../lab/admin_acts.ts";
import { type LoginAct, logins } from "../../lab/login_acts.ts";
import { courses } from "../../lab/login_courses.ts";
import { LoginModel } from "../../lab/login_model.ts";
import { LoginRig } from "../../lab/login_rig.ts";
import { BLOCKED, type Rules } from "../../lab/login_rules.ts";
import { rulesIn } from "../../lab/login_settings.ts";
import { LoginTrial } from "../../lab/login_trial.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";

const acts = fc.commands([...logins, ...courses, ...administration], {
  maxCommands: 60,
  size: "max",
});

async function play(
  rules: Rules,
  acts: Iterable<LoginAct>,
): Promise<void> {
  await using directory = await makeTestDirectory(memoryDirectory());
  using database = await openDatabase(directory.db, {
    create: true,
    busyTimeoutMs: 0,
  });
  const rig = new LoginRig(database, `${directory.path}/key`, rules);
  const trial = new LoginTrial(new LoginModel(rules), rig);
  for (const name of ["alice", "bob", BLOCKED]) await trial.enrol(name);
  trial.pass(5000);
  await fc.asyncModelRun(() => ({ model: trial, real: trial }), acts);
}

Deno.test("logins end as the model says, whatever happens in whatever order", async () => {
  await holds(fc.asyncProperty(rulesIn("pam"), acts, play), 80);
});

Deno.test("logins end as the model says if another factor decides about the password", async () => {
  await holds(fc.asyncProperty(rulesIn("external"), acts, play), 80);
});
