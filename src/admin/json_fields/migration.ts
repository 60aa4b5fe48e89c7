import type { Documented } from "./documented.ts";

/** What the commands that move users from and to other systems print. */
export const OF_MIGRATION = {
  import: {
    form: "An object, even if nothing is imported. It contains no secret and no recovery code.",
    fields: {
      imported: "whether the users were imported",
      users: {
        about: "list",
        of: {
          username: "text",
          action: "`new`, `replaced`, `left` or `conflict`",
          reason: "why it is a conflict; otherwise null",
          issuer: "text",
          algorithm: "`SHA1`, `SHA256` or `SHA512`",
          digits: "number",
          periodSeconds: "number",
          recoveryCodes: "number",
          disabledAt: "time; null if logins are allowed",
          from: "the file, and the place in it",
        },
      },
      obstacles: {
        about: "list of what keeps users from being imported",
        of: {
          username: "text; null if it is not known",
          kind: "`unreadable` or `uncarried`",
          reason: "text",
          from: "the file, and the place in it",
        },
      },
      notes: {
        about: "list of what is not carried over",
        of: { username: "text", text: "text", from: "the file, and the place in it" },
      },
    },
  },
  export: {
    form: "The file of `--format json`, which is the default.",
    fields: {
      format: "`openvpn-totp export`",
      version: "1",
      users: {
        about: "list",
        of: {
          username: "text",
          issuer: "text",
          secret: "base32, without padding",
          algorithm: "`SHA1`, `SHA256` or `SHA512`",
          digits: "number",
          periodSeconds: "number",
          enrolledAt: "time; `import` sets it to the current time",
          disabledAt: "time; null if logins are allowed",
          recoveryCodesLeft: "number",
        },
      },
    },
  },
} as const satisfies Record<string, Documented>;
