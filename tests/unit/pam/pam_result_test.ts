import assert from "node:assert/strict";
import {
  describePamRefusal,
  isAboutAccount,
  mustChangePassword,
  type PamRefusal,
  type PamResult,
} from "../../../src/pam/pam_result.ts";
import { pamStatusName, Status } from "../../../src/pam/status.ts";

Deno.test("pamStatusName calls a status as PAM's manual does", () => {
  const names = { 0: "SUCCESS", 7: "AUTH_ERR", 12: "NEW_AUTHTOK_REQD", 31: "INCOMPLETE" };
  for (const [status, name] of Object.entries(names)) {
    assert.equal(pamStatusName(Number(status)), `PAM_${name}`);
  }
  assert.equal(pamStatusName(32), "PAM status 32");
  assert.equal(pamStatusName(-1), "PAM status -1");
});

Deno.test("describePamRefusal says which service answered what", () => {
  const texts: [refusal: PamRefusal, text: string][] = [
    [
      { outcome: "denied", call: "pam_acct_mgmt", status: 13 },
      "PAM service vpn: PAM_ACCT_EXPIRED",
    ],
    [
      { outcome: "denied", call: "pam_acct_mgmt", status: 6, said: ["Closed.", "(until May)"] },
      "PAM service vpn: PAM_PERM_DENIED, saying: Closed. (until May)",
    ],
    [{ outcome: "failed", call: "pam_start", status: 26 }, "pam_start: PAM_ABORT"],
    [
      { outcome: "failed", call: "pam_authenticate", status: 9 },
      "PAM service vpn: PAM_AUTHINFO_UNAVAIL",
    ],
    [{ outcome: "unnamed" }, "PAM returned no username, or one that is not valid UTF-8"],
    [{ outcome: "no_answer", seconds: 1 }, "PAM service vpn: no answer within 1 second"],
    [{ outcome: "no_answer", seconds: 30 }, "PAM service vpn: no answer within 30 seconds"],
  ];
  for (const [refusal, text] of texts) assert.equal(describePamRefusal("vpn", refusal), text);
});

Deno.test("isAboutAccount tells a refused account from a wrong password", () => {
  const about = (call: "pam_authenticate" | "pam_acct_mgmt", status: number, said?: string[]) =>
    isAboutAccount({ outcome: "denied", call, status, ...said === undefined ? {} : { said } });
  for (const status of Object.values(Status)) assert(about("pam_acct_mgmt", status));
  const refused = ["MAXTRIES", "NEW_AUTHTOK_REQD", "ACCT_EXPIRED", "CRED_EXPIRED"];
  for (const [name, status] of Object.entries(Status)) {
    const expected = [...refused, "AUTHTOK_EXPIRED"].includes(name);
    assert.equal(about("pam_authenticate", status), expected, name);
  }
  const locked = "The account is locked due to 3 failed logins.";
  assert(about("pam_authenticate", Status.AUTH_ERR, ["Hello.", locked, "(9 minutes left)"]));
  for (const text of [`"${locked}" is no user`, "The account is locked due to failed logins"]) {
    assert.equal(about("pam_authenticate", Status.AUTH_ERR, [text]), false);
  }
});

Deno.test("mustChangePassword holds only once the password was found right", () => {
  const { NEW_AUTHTOK_REQD, AUTHTOK_EXPIRED, ACCT_EXPIRED } = Status;
  const denied = (call: "pam_authenticate" | "pam_acct_mgmt", status: number): PamResult => ({
    outcome: "denied",
    call,
    status,
  });
  assert(mustChangePassword(denied("pam_acct_mgmt", NEW_AUTHTOK_REQD)));
  assert.equal(mustChangePassword(denied("pam_authenticate", NEW_AUTHTOK_REQD)), false);
  for (const status of [AUTHTOK_EXPIRED, ACCT_EXPIRED]) {
    assert.equal(mustChangePassword(denied("pam_acct_mgmt", status)), false);
  }
  assert.equal(mustChangePassword({ outcome: "passed", username: "alice" }), false);
});
