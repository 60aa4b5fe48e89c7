import assert from "node:assert/strict";
import { firstFactorResultOf } from "../../../src/hook/pam_factor.ts";
import type { PamResult } from "../../../src/pam/pam_result.ts";
import { Status } from "../../../src/pam/status.ts";

const USER_NOBODY = "; as uid 65534, PAM may not be able to check any password: remove `user` " +
  "and `group` from OpenVPN's configuration, or set totpPrimaryAuth external";

/** What PAM says, the log's reason, its detail for root, and what is added for others. */
const CASES: [result: PamResult, reason: string, detail: string, added: string][] = [
  [
    { outcome: "denied", call: "pam_authenticate", status: Status.AUTH_ERR },
    "wrong_password",
    "PAM service vpn: PAM_AUTH_ERR",
    USER_NOBODY,
  ],
  [
    { outcome: "denied", call: "pam_acct_mgmt", status: Status.ACCT_EXPIRED },
    "account_refused",
    "PAM service vpn: PAM_ACCT_EXPIRED",
    USER_NOBODY,
  ],
  [
    { outcome: "denied", call: "pam_authenticate", status: Status.ACCT_EXPIRED, said: ["No."] },
    "account_refused",
    "PAM service vpn: PAM_ACCT_EXPIRED, saying: No.",
    USER_NOBODY,
  ],
  [
    {
      outcome: "denied",
      call: "pam_authenticate",
      status: Status.AUTH_ERR,
      said: ["The account is locked due to 3 failed logins.", "(10 minutes left to unlock)"],
    },
    "account_refused",
    "PAM service vpn: PAM_AUTH_ERR, saying: The account is locked due to 3 failed logins. " +
    "(10 minutes left to unlock)",
    USER_NOBODY,
  ],
  [
    { outcome: "failed", call: "pam_authenticate", status: Status.AUTHINFO_UNAVAIL },
    "pam_error",
    "PAM service vpn: PAM_AUTHINFO_UNAVAIL",
    USER_NOBODY,
  ],
  [
    { outcome: "failed", call: "pam_start", status: Status.ABORT },
    "pam_error",
    "pam_start: PAM_ABORT",
    "",
  ],
  [
    { outcome: "unnamed" },
    "pam_error",
    "PAM returned no username, or one that is not valid UTF-8",
    "",
  ],
  [
    { outcome: "no_answer", seconds: 30 },
    "pam_error",
    "PAM service vpn: no answer within 30 seconds: check which module in /etc/pam.d/vpn hangs " +
    "(an unreachable directory server?), or raise totpPamTimeout",
    "",
  ],
];

Deno.test("firstFactorResultOf gives PAM's refusals a login's reasons, and advice", () => {
  for (const [result, reason, detail, added] of CASES) {
    assert.deepEqual(
      firstFactorResultOf(result, "vpn", 0),
      { outcome: "refused", reason, detail },
    );
    assert.deepEqual(
      firstFactorResultOf(result, "vpn", 65534),
      { outcome: "refused", reason, detail: detail + added },
    );
  }
});

Deno.test("firstFactorResultOf passes on the name that PAM settled on", () => {
  const passed: PamResult = { outcome: "passed", username: "alice" };
  assert.deepEqual(firstFactorResultOf(passed, "vpn", 65534), passed);
});
