import assert from "node:assert/strict";
import { Redacted } from "../../src/text/redacted.ts";
import type { PamResult } from "../../src/pam/pam_result.ts";
import { PamService } from "../../src/pam/pam_service.ts";
import { changeAccounts, makeAccount } from "../lab/accounts.ts";
import { compileModule, makePamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { newName } from "../lab/owner.ts";

// Libraries stay open for good, so this is done outside of the tests, which look for leaks.
const login = new PamService("login", 60);
const ITEMS = newName();
const RENAME = newName();
const items = new PamService(ITEMS, 60);
const rename = new PamService(RENAME, 60);
const none = new PamService("ovtotp-t-none", 60);

/** `passed`, the call that denied it, or another outcome. */
function said(result: PamResult): string {
  return result.outcome === "denied" ? result.call : result.outcome;
}

/** Asks PAM about a login. */
async function ask(
  username: string,
  password: string | Uint8Array<ArrayBuffer>,
): Promise<string> {
  const bytes = typeof password === "string" ? new TextEncoder().encode(password) : password;
  const result = await login.authenticate(
    username,
    new Redacted(bytes),
    "192.0.2.1",
  );
  return said(result);
}

const PASSWORDS = {
  "plain": "correct-horse",
  "spaces inside and around": "  two words ",
  "quotes": `'single' "double" \`back\``,
  "a backslash": "a\\b\\\\n",
  "a dollar sign": "$HOME ${x} $(id)",
  "colons": "a:b:c",
  "UTF-8": "pässwörd 密码 🔑",
  "100 characters": "x".repeat(100),
  "500 characters": "0123456789".repeat(50),
};

for (const [name, password] of Object.entries(PASSWORDS)) {
  testWith(["root", "useradd"], `PAM takes a password: ${name}`, async () => {
    await using account = await makeAccount(password);
    assert.equal(await ask(account.username, password), "passed");
    assert.equal(await ask(account.username, `${password}x`), "pam_authenticate");
    assert.equal(
      await ask(account.username, password.slice(0, -1)),
      "pam_authenticate",
    );
  });
}

testWith(
  ["root", "useradd"],
  "PAM gets a password's bytes as they came",
  async () => {
    await using account = await makeAccount();
    const latin1 = new Uint8Array([0x70, 0xe4, 0xdf, 0xff]);
    const line = new TextEncoder().encode(`${account.username}:`);
    await changeAccounts("chpasswd", [], {
      stdin: new Uint8Array([...line, ...latin1, 0x0a]),
    });
    assert.equal(await ask(account.username, latin1), "passed");
    assert.equal(await ask(account.username, "päßÿ"), "pam_authenticate");
  },
);

testWith(
  ["root", "useradd"],
  "PAM refuses empty, unknown and hostile input",
  async () => {
    await using account = await makeAccount();
    assert.equal(await ask(account.username, ""), "pam_authenticate");
    for (
      const username of [
        "ovtotp-t-nobody",
        "../../etc/passwd",
        "$(id)",
        `${account.username} `,
        "é".repeat(128),
      ]
    ) {
      assert.equal(await ask(username, account.password), "pam_authenticate");
    }
    assert.notEqual(await ask(account.username, "x".repeat(65_536)), "passed");
  },
);

testWith(
  ["root", "useradd"],
  "PAM refuses an account without a password",
  async () => {
    await using account = await makeAccount();
    await changeAccounts("passwd", ["--delete", account.username]);
    assert.equal(await ask(account.username, ""), "pam_authenticate");
  },
);

testWith(
  ["root", "useradd"],
  "PAM refuses a locked and an expired account, password right or not",
  async () => {
    await using account = await makeAccount();
    const { username, password } = account;
    const check = async () => said(await login.checkAccount(username, null));
    assert.equal(await check(), "passed");

    await changeAccounts("chage", ["--expiredate", "2001-01-01", username]);
    assert.equal(await ask(username, password), "pam_acct_mgmt");
    assert.equal(await check(), "pam_acct_mgmt");
    await changeAccounts("chage", ["--expiredate", "-1", username]);
    assert.equal(await ask(username, password), "passed");

    // The password must be changed first, which a VPN's login can't.
    await changeAccounts("chage", ["--lastday", "0", username]);
    assert.equal(await ask(username, password), "pam_acct_mgmt");
    await changeAccounts("chage", ["--lastday", "2020-01-01", username]);

    await changeAccounts("usermod", ["--lock", username]);
    assert.equal(await ask(username, password), "pam_authenticate");
    await changeAccounts("usermod", ["--unlock", username]);
    assert.equal(await ask(username, password), "passed");
  },
);

testWith(
  ["root", "useradd"],
  "modules get address and terminal, and a refusal doesn't sleep",
  async () => {
    await using account = await makeAccount();
    await using directory = await makeTestDirectory();
    const record = `${directory.path}/record`;
    await using _service = await makePamService([
      `auth optional pam_exec.so quiet log=${record} /usr/bin/env`,
      // A minute, if it were up to the module.
      "auth optional pam_faildelay.so delay=60000000",
      ...PLAIN_RULES,
    ], ITEMS);
    const start = performance.now();
    const result = await items.authenticate(
      account.username,
      new Redacted(new TextEncoder().encode("wrong")),
      "2001:db8::7",
    );
    assert.equal(said(result), "pam_authenticate");
    // libpam makes 30 to 90 seconds of it.
    assert(performance.now() - start < 25_000, "libpam slept");
    const seen = await Deno.readTextFile(record);
    assert.match(seen, /^PAM_RHOST=2001:db8::7$/m);
    assert.match(seen, /^PAM_TTY=openvpn$/m);
    assert.match(seen, new RegExp(`^PAM_USER=${account.username}$`, "m"));
    assert.equal(seen.includes("wrong"), false);
  },
);

testWith(
  ["root", "gcc"],
  "the name that a module settles on is the one that counts",
  async () => {
    await using directory = await makeTestDirectory();
    const module = await compileModule(directory.path, RENAMING_MODULE);
    await using _service = await makePamService([
      `auth required ${module}`,
      "account required pam_permit.so",
    ], RENAME);
    assert.deepEqual(
      await rename.authenticate(
        "ALICE",
        new Redacted(new Uint8Array()),
        null,
      ),
      { outcome: "passed", username: "alice" },
    );
  },
);

/** A PAM module that renames the user, as directory services do. */
const RENAMING_MODULE = `
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  return pam_set_item(handle, PAM_USER, "alice");
}
`;

testWith(["root"], "a PAM service without a file lets nobody in", async () => {
  const password = new Redacted(new TextEncoder().encode("x"));
  const result = await none.authenticate("root", password, null);
  assert.notEqual(said(result), "passed");
});
