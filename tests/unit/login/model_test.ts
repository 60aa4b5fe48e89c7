import fc from "fast-check";
import { openStore } from "../../../src/store/open_store.ts";
import { holds } from "../../lab/fuzz.ts";
import type { LoginAct } from "../../lab/login_acts.ts";
import { anyActs, playLogins } from "../../lab/login_play.ts";
import type { Rules } from "../../lab/login_rules.ts";
import { rulesIn } from "../../lab/login_settings.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";

async function play(rules: Rules, acts: Iterable<LoginAct>): Promise<void> {
  await using directory = await makeTestDirectory(memoryDirectory());
  const database = { engine: "sqlite", path: directory.db } as const;
  using store = await openStore({ database, create: true, busyTimeoutMs: 0 });
  await playLogins(store, `${directory.path}/key`, { rules, acts });
}

Deno.test("logins end as the model says, whatever happens in whatever order", async () => {
  await holds(fc.asyncProperty(rulesIn("pam"), anyActs, play), 50);
});

Deno.test("logins end as the model says if another factor decides about the password", async () => {
  await holds(fc.asyncProperty(rulesIn("external"), anyActs, play), 50);
});
