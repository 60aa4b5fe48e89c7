import assert from "node:assert/strict";
import { Accounts } from "../../src/system/accounts.ts";
import { makeAccount } from "../lab/accounts.ts";
import { testWith } from "../lab/requirements.ts";

// Libraries stay open for good, so this is done outside of the tests, which look for leaks.
const accounts = new Accounts();

testWith(
  ["root", "useradd"],
  "Accounts finds the system's account, by its own name alone",
  async () => {
    await using account = await makeAccount();
    assert.equal(accounts.find(account.username)?.name, account.username);
    for (const name of [`${account.username} `, account.username.toUpperCase(), "", "é$(id)"]) {
      assert.equal(accounts.find(name), null, name);
    }
  },
);
