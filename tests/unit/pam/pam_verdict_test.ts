import assert from "node:assert/strict";
import { refusedUntilChanged } from "../../../src/core/verdict.ts";
import { adviceForUid, pamVerdict, passwordVerdict } from "../../../src/pam/pam_verdict.ts";
import type { PamResult } from "../../../src/pam/pam_result.ts";
import { Status } from "../../../src/pam/status.ts";

const ADVICE = "; as uid 65534, PAM may not be able to check any password: use a ladder, or set " +
  "totpPrimaryAuth external";

/** What PAM says, the log's reason, its detail for root, and what is added for others. */
const CASES: [result: PamResult, reason: string, detail: string, added: string][] = [
  [
    { outcome: "denied", call: "pam_authenticate", status: Status.AUTH_ERR },
    "wrong_password",
    "PAM service vpn: PAM_AUTH_ERR",
    ADVICE,
  ],
  [
    { outcome: "denied", call: "pam_acct_mgmt", status: Status.ACCT_EXPIRED },
    "account_refused",
    "PAM service vpn: PAM_ACCT_EXPIRED",
    ADVICE,
  ],
  [
    { outcome: "denied", call: "pam_authenticate", status: Status.ACCT_EXPIRED, said: ["No."] },
    "account_refused",
    "PAM service vpn: PAM_ACCT_EXPIRED, saying: No.",
    ADVICE,
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
    ADVICE,
  ],
  [
    { outcome: "failed", call: "pam_authenticate", status: Status.AUTHINFO_UNAVAIL },
    "pam_error",
    "PAM service vpn: PAM_AUTHINFO_UNAVAIL",
    ADVICE,
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

Deno.test("pamVerdict gives PAM's refusals a login's reasons, and advice", () => {
  for (const [result, reason, detail, added] of CASES) {
    const forRoot = { service: "vpn", advice: adviceForUid(0, "use a ladder") };
    assert.deepEqual(pamVerdict(result, forRoot), { outcome: "refused", reason, detail });
    const forOthers = { service: "vpn", advice: adviceForUid(65534, "use a ladder") };
    assert.deepEqual(
      pamVerdict(result, forOthers),
      { outcome: "refused", reason, detail: detail + added },
    );
  }
});

Deno.test("pamVerdict passes on the name that PAM settled on", () => {
  const passed = { outcome: "passed", username: "alice" } as const;
  assert.deepEqual(pamVerdict(passed, { service: "vpn", advice: ADVICE }), passed);
  assert.deepEqual(passwordVerdict(passed, { service: "vpn", advice: ADVICE }), passed);
});

Deno.test("passwordVerdict tells the owner of an expired password to change it, and nobody else", () => {
  const asked = { service: "vpn", advice: "" };
  const expired: PamResult = {
    outcome: "denied",
    call: "pam_acct_mgmt",
    status: Status.NEW_AUTHTOK_REQD,
  };
  const verdict = pamVerdict(expired, asked);
  assert(verdict.outcome === "refused" && verdict.told === undefined);
  assert.deepEqual(passwordVerdict(expired, asked), refusedUntilChanged(verdict));
  for (const [result] of CASES) {
    assert.deepEqual(passwordVerdict(result, asked), pamVerdict(result, asked));
  }
});
