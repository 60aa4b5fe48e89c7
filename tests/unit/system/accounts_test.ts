import assert from "node:assert/strict";
import { accountName, findAccount } from "../../../src/system/accounts.ts";

Deno.test({
  name: "findAccount gives an account's own name and its numbers, or null",
  // The C library stays loaded.
  sanitizeResources: false,
  fn() {
    assert.deepEqual(findAccount("root"), { name: "root", uid: 0, gid: 0 });
    assert.equal(findAccount("ROOT \u00e9"), null);
    assert.equal(accountName(0), "root");
  },
});
