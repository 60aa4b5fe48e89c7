import fc from "fast-check";
import { holds } from "../../lab/fuzz.ts";
import type { LoginAct } from "../../lab/login_acts.ts";
import { actsInOrder, playLogins } from "../../lab/login_play.ts";
import type { Rules } from "../../lab/login_rules.ts";
import { rulesIn } from "../../lab/login_settings.ts";
import { startPostgres } from "../../lab/postgres.ts";
import { empty } from "../../lab/postgres_contents.ts";
import { openTestStore } from "../../lab/postgres_store.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../../lab/requirements.ts";

testWith(POSTGRES_LAB, "on PostgreSQL, too, logins end as the model says", async () => {
  await using postgres = await startPostgres();
  const database = await postgres.makeDatabase();
  await using store = await openTestStore(database);
  const play = async (rules: Rules, acts: Iterable<LoginAct>) => {
    await using directory = await makeTestDirectory();
    await empty(database);
    await playLogins(store, `${directory.path}/key`, { rules, acts });
  };
  for (const mode of ["pam", "external"] as const) {
    await holds(fc.asyncProperty(rulesIn(mode), actsInOrder, play), 6);
  }
});
