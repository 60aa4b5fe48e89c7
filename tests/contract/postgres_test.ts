import type { Store } from "../../src/store/store.ts";
import { startPostgres, type TestPostgresDatabase } from "../lab/postgres.ts";
import { empty } from "../lab/postgres_contents.ts";
import { openTestStore } from "../lab/postgres_store.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";
import { testStoreContract } from "./store_contract.ts";
import type { Engine } from "./stores.ts";

testWith(POSTGRES_LAB, "a store on PostgreSQL holds to the contract", async (t) => {
  await using postgres = await startPostgres();
  const database = await postgres.makeDatabase();
  for (const { name, work } of contract(database)) {
    // The server was started before the step, and goes on after it.
    await t.step({ name, fn: work, sanitizeOps: false, sanitizeResources: false });
  }
});

/** The tests of the contract, on a database that is emptied for each. */
function contract(database: TestPostgresDatabase): { name: string; work: () => Promise<void> }[] {
  const tests: { name: string; work: () => Promise<void> }[] = [];
  testStoreContract({
    test: (name, work) => void tests.push({ name, work }),
    make: () => emptied(database),
  });
  return tests;
}

async function emptied(database: TestPostgresDatabase): ReturnType<Engine["make"]> {
  await empty(database);
  const stores: Store[] = [];
  return {
    async open() {
      const store = await openTestStore(database);
      stores.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store[Symbol.asyncDispose]();
    },
  };
}
