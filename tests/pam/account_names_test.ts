import assert from "node:assert/strict";
import { AccountNames } from "../../src/system/account_names.ts";
import { makeAccount } from "../lab/accounts.ts";
import { testWith } from "../lab/requirements.ts";

// Libraries stay open for good, so this is done outside of the tests, which look for leaks.
const names = new AccountNames();

testWith(["root", "useradd"], "AccountNames gives the name of the system's account", async () => {
  await using account = await makeAccount();
  assert.equal(names.of(account.username), account.username);
  for (const name of [`${account.username} `, account.username.toUpperCase(), "", "é$(id)"]) {
    assert.equal(names.of(name), null, name);
  }
});
