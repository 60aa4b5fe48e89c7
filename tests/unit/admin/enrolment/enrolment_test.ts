import assert from "node:assert/strict";
import type { AdminContext } from "../../../../src/admin/context.ts";
import { enrolUsers } from "../../../../src/admin/enrolment/enrolment.ts";
import { COMMON_PARAMETERS } from "../../../../src/core/totp_parameters.ts";
import { Vault } from "../../../../src/secrets/vault.ts";
import { openStore } from "../../../../src/store/open_store.ts";
import type { EnrolmentStore, Store } from "../../../../src/store/store.ts";
import { Redacted } from "../../../../src/text/redacted.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const userOf = (username: string) => ({
  username,
  issuer: "VPN",
  secret: new Redacted(new Uint8Array(20).fill(7)),
  parameters: COMMON_PARAMETERS,
  recoveryCodes: [],
  disabledAt: null,
});

/** As `enroll --key`. */
function enrolWith(key: string, store: EnrolmentStore, username: string): Promise<void> {
  const context = { key, read: () => undefined, now: () => 0 } as unknown as AdminContext;
  return enrolUsers(context, store, [userOf(username)], { mayReplace: () => false });
}

async function withStore(test: (store: Store, directory: string) => Promise<void>) {
  await using directory = await makeTestDirectory();
  using store = await openStore({
    database: { engine: "sqlite", path: directory.db },
    create: true,
    busyTimeoutMs: 0,
  });
  await test(store, directory.path);
}

/** A store where something else happens right before somebody is enrolled, the first time. */
function interrupted(store: EnrolmentStore, by: () => Promise<void>): EnrolmentStore {
  let isFirst = true;
  return new Proxy(store, {
    get(target, name) {
      if (name === "enrol" && isFirst) {
        return async (...args: Parameters<EnrolmentStore["enrol"]>) => {
          isFirst = false;
          await by();
          await target.enrol(...args);
        };
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("of first enrolments at one moment with two key files, one is refused", async () => {
  await withStore(async ({ enrolments }, directory) => {
    const results = await Promise.allSettled(
      ["one", "other"].map((name) => enrolWith(`${directory}/${name}.key`, enrolments, name)),
    );
    const refused = results.filter((result) => result.status === "rejected");
    assert.deepEqual(refused.map(({ reason }) => reason.code), ["key_wrong"]);
    assert.equal((await enrolments.list()).length, 1);
  });
});

Deno.test("first enrolments at one moment with one key file both hold", async () => {
  await withStore(async ({ enrolments }, directory) => {
    await Promise.all(
      ["alice", "bob"].map((name) => enrolWith(`${directory}/key`, enrolments, name)),
    );
    assert.equal((await enrolments.list()).length, 2);
  });
});

Deno.test("an enrolment goes on where a rekey has added its key meanwhile", async () => {
  await withStore(async ({ enrolments }, directory) => {
    const key = `${directory}/key`;
    await enrolWith(key, enrolments, "alice");
    const rekeyed = interrupted(enrolments, async () => {
      const vault = new Vault(key);
      const alice = (await enrolments.find("alice"))!;
      const sealed = await vault.reseal(alice, await vault.addKey([alice]));
      await enrolments.replaceSecrets([{ enrolment: alice, sealed }]);
    });
    await enrolWith(key, rekeyed, "bob");
    assert.equal((await enrolments.keyIds()).length, 2);
    assert.equal((await enrolments.list()).length, 2);
  });
});
