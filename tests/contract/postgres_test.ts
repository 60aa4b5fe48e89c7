import type { Store } from "../../src/store/store.ts";
import { startPostgres, type TestPostgres } from "../lab/postgres.ts";
import { openTestStore } from "../lab/postgres_store.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";
import { testStoreContract } from "./store_contract.ts";
import type { Engine } from "./stores.ts";

testWith(POSTGRES_LAB, "a store on PostgreSQL holds to the contract", async (t) => {
  await using postgres = await startPostgres();
  for (const { name, work } of contract(postgres)) {
    // The server was started before the step, and goes on after it.
    await t.step({ name, fn: work, sanitizeOps: false, sanitizeResources: false });
  }
});

/** The tests of the contract, on a server that they share. */
function contract(postgres: TestPostgres): { name: string; work: () => Promise<void> }[] {
  const tests: { name: string; work: () => Promise<void> }[] = [];
  testStoreContract({
    test: (name, work) => void tests.push({ name, work }),
    make: () => makeDatabase(postgres),
  });
  return tests;
}

async function makeDatabase(postgres: TestPostgres): ReturnType<Engine["make"]> {
  const database = await postgres.makeDatabase();
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
