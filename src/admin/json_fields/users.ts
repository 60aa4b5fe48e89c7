import type { Documented, Fields } from "./documented.ts";

const USERNAME = "text";
const DISABLED_AT = "time; null if logins are allowed";

/** How a user's codes are made. */
const CODES = {
  algorithm: "`SHA1`, `SHA256` or `SHA512`",
  digits: "number",
  periodSeconds: "number",
} satisfies Fields;

/** An exemption; all three are null without one. */
const EXEMPTION = {
  exemptSince: "time; null without an exemption",
  exemptUntil: "time at which the exemption ends, which may be in the past; null for no end",
  exemptFrom: "network; null for anywhere",
} satisfies Fields;

/** What logins have left behind, and what an administrator has done. */
const STATE = {
  enrolledAt: "time; null if the user is not enrolled",
  lastLoginAt: "time of the last login with a code; null for never or unknown",
  lastUncodedLoginAt: "time of the last login without a code (exempt); null for never or unknown",
  disabledAt: DISABLED_AT,
  recoveryCodesLeft: "number",
  wrongCodes: "number of wrong codes in a row, from all places",
  lockedUntil: "time at which the last lock of the user's codes ends, from wherever they come; " +
    "null without a lock",
} satisfies Fields;

/** What the commands about users print. */
export const OF_USERS = {
  enroll: {
    form: "An object; with `--from`, a list of such objects.",
    fields: {
      username: USERNAME,
      issuer: "text",
      secret: "base32, without padding",
      ...CODES,
      uri: "the provisioning URI",
      recoveryCodes: "list of texts; empty without `--recovery-codes`",
    },
  },
  verify: {
    fields: {
      username: USERNAME,
      result: "`right`, `recovery_code`, `used`, `clock_off`, `wrong` or `malformed`",
      secondsOff: "how far the phone's clock is ahead (negative if it is behind); null if the " +
        "code fits no time within an hour",
      ignoredParameters: "what the app ignores: a list of `algorithm`, `digits` and " +
        "`periodSeconds`",
      usedUp: "whether `--use` used the code up",
      lockedUntil: STATE.lockedUntil,
      disabledAt: DISABLED_AT,
    },
  },
  list: {
    form: "A list of objects.",
    fields: {
      username: USERNAME,
      issuer: "text; null if the user is exempt but not enrolled",
      enrolledAt: STATE.enrolledAt,
      lastLoginAt: STATE.lastLoginAt,
      lastUncodedLoginAt: STATE.lastUncodedLoginAt,
      pendingChallenges: "number of challenges that are waiting for an answer",
      disabledAt: DISABLED_AT,
      lockedUntil: STATE.lockedUntil,
      wrongCodes: STATE.wrongCodes,
      recoveryCodesLeft: STATE.recoveryCodesLeft,
      ...EXEMPTION,
    },
  },
  show: {
    fields: {
      username: USERNAME,
      issuer: "text",
      ...CODES,
      ...STATE,
      enrolledAt: "time",
      ...EXEMPTION,
      pendingChallenges: {
        about: "list of the challenges that are waiting for an answer",
        of: {
          loginName: "the name that the client gave",
          commonName: "the common name of the client's certificate",
          address: "the client's address",
          createdAt: "time",
          expiresAt: "time",
        },
      },
    },
    also: {
      "With `--secret`, also:": { secret: "base32, without padding", uri: "the provisioning URI" },
    },
  },
  unlock: { fields: { username: USERNAME, unlocked: "`true`" } },
  recovery: { fields: { username: USERNAME, recoveryCodes: "list of texts" } },
  disable: { fields: { username: USERNAME, disabled: "`true`" } },
  enable: { fields: { username: USERNAME, disabled: "`false`" } },
  exempt: {
    fields: { username: USERNAME, ...EXEMPTION },
    also: { "With `--end`, instead:": { username: USERNAME, exempt: "`false`" } },
  },
  delete: {
    fields: {
      username: USERNAME,
      deleted: "`true`",
      pendingChallenges: "number of challenges that were removed",
    },
  },
} as const satisfies Record<string, Documented>;
