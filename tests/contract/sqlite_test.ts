import { openStore } from "../../src/store/open_store.ts";
import type { Store } from "../../src/store/store.ts";
import { makeTestDirectory, memoryDirectory } from "../lab/program.ts";
import { testStoreContract } from "./store_contract.ts";

testStoreContract({
  test: (name, work) => Deno.test(`SQLite: ${name}`, work),
  async make() {
    const directory = await makeTestDirectory(memoryDirectory());
    const stores: Store[] = [];
    return {
      async open() {
        // No patience: another store of the same process can't end while this one waits.
        const store = await openStore({
          database: { engine: "sqlite", path: directory.db },
          create: true,
          busyTimeoutMs: 0,
        });
        stores.push(store);
        return store;
      },
      async [Symbol.asyncDispose]() {
        for (const store of stores) store[Symbol.dispose]();
        await directory[Symbol.asyncDispose]();
      },
    };
  },
});
