import assert from "node:assert/strict";
import { isAboutAccount, type PamResult } from "../../src/pam/pam_result.ts";
import { PamService } from "../../src/pam/pam_service.ts";
import { Status } from "../../src/pam/status.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { changeAccounts, makeAccount } from "../lab/accounts.ts";
import { newName } from "../lab/owner.ts";
import { compileModule, makePamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

// Libraries stay open for good, so this is done outside of the tests, which look for leaks.
const [PLAIN, LOCKING, TALKING] = [newName(), newName(), newName()];
const plain = new PamService(PLAIN, 60);
const locking = new PamService(LOCKING, 60);
const talking = new PamService(TALKING, 60);

const ask = (pam: PamService, username: string, password: string): Promise<PamResult> =>
  pam.authenticate(username, new Redacted(new TextEncoder().encode(password)), null);

/** The call and status of a denial, and what modules said. */
function denialOf(result: PamResult): [call: string, status: number, said: string] {
  assert(result.outcome === "denied", result.outcome);
  return [result.call, result.status, (result.said ?? []).join(" ")];
}

testWith(
  ["root", "useradd"],
  "PAM's own words say why an account may not log in",
  async () => {
    await using account = await makeAccount();
    await using _service = await makePamService(PLAIN_RULES, PLAIN);
    const { username, password } = account;
    const cases: [option: string, value: string, status: number, said: RegExp][] = [
      ["--lastday", "0", Status.NEW_AUTHTOK_REQD, /^You are required to change your password imm/],
      ["--expiredate", "2001-01-01", Status.ACCT_EXPIRED, /^Your account has expired; please con/],
    ];
    for (const [option, value, status, said] of cases) {
      await changeAccounts("chage", [option, value, username]);
      for (const result of [await ask(plain, username, password), await checkOf(username)]) {
        const denial = denialOf(result);
        assert.deepEqual(denial.slice(0, 2), ["pam_acct_mgmt", status]);
        assert.match(denial[2], said);
      }
      // A wrong password is no reason to say anything about the account.
      const wrong = denialOf(await ask(plain, username, "wrong"));
      assert.deepEqual(wrong, ["pam_authenticate", Status.AUTH_ERR, ""]);
    }
  },
);

const checkOf = (username: string) => plain.checkAccount(username, null);

testWith(
  ["root", "useradd"],
  "pam_faillock's own words say that an account is locked, and for how long",
  async () => {
    await using account = await makeAccount();
    await using directory = await makeTestDirectory();
    const options = `dir=${directory.path} deny=2 unlock_time=600 even_deny_root`;
    await using _service = await makePamService([
      `auth required pam_faillock.so preauth ${options}`,
      "auth [success=1 default=ignore] pam_unix.so",
      `auth [default=die] pam_faillock.so authfail ${options}`,
      `auth sufficient pam_faillock.so authsucc ${options}`,
      "account required pam_permit.so",
    ], LOCKING);
    const { username, password } = account;
    for (let i = 0; i < 2; i++) {
      const wrong = await ask(locking, username, "wrong");
      assert.deepEqual(denialOf(wrong), ["pam_authenticate", Status.PERM_DENIED, ""]);
      assert(wrong.outcome === "denied" && !isAboutAccount(wrong));
    }
    for (const any of [password, "wrong"]) {
      const locked = await ask(locking, username, any);
      assert.deepEqual(denialOf(locked), [
        "pam_authenticate",
        Status.AUTH_ERR,
        "The account is locked due to 2 failed logins. (10 minutes left to unlock)",
      ]);
      assert(locked.outcome === "denied" && isAboutAccount(locked));
    }
  },
);

/** Says what it was given, and other things, in one call of the conversation and in several. */
const TALKER = `
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  const struct pam_conv *conv;
  char echo[199];
  struct pam_message prompt = { PAM_PROMPT_ECHO_OFF, "Password:" };
  struct pam_message texts[3] = { { 4, echo }, { 3, "No\\n\\033[31mentry" }, { 4, NULL } };
  const struct pam_message *ask[1] = { &prompt };
  const struct pam_message *tell[3] = { &texts[0], &texts[1], &texts[2] };
  struct pam_response *response = NULL;
  if (flags & 0x8000) return PAM_SUCCESS;
  pam_get_item(handle, PAM_CONV, (const void **) &conv);
  conv->conv(1, ask, &response, conv->appdata_ptr);
  snprintf(echo, sizeof echo, "You typed %s", response->resp);
  response = NULL;
  conv->conv(3, tell, &response, conv->appdata_ptr);
  texts[1].msg = "today";
  conv->conv(1, tell + 1, &response, conv->appdata_ptr);
  return PAM_AUTH_ERR;
}`;

testWith(
  ["root", "gcc"],
  "of what a module says, the password is left out, and nothing acts on a terminal",
  async () => {
    await using directory = await makeTestDirectory();
    const module = await compileModule(directory.path, TALKER);
    await using _service = await makePamService([`auth required ${module}`], TALKING);
    assert.deepEqual(await ask(talking, "root", "correct horse"), {
      outcome: "denied",
      call: "pam_authenticate",
      status: Status.AUTH_ERR,
      said: ["No \\u{1b}[31mentry", "today"],
    });
  },
);
