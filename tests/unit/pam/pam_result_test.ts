import assert from "node:assert/strict";
import { describePamRefusal, type PamRefusal } from "../../../src/pam/pam_result.ts";
import { pamStatusName } from "../../../src/pam/status.ts";

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
