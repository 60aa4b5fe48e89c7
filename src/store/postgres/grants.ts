import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";

/** The tables that logins and administration read and write. */
export const TABLES = [
  "enrolments",
  "challenges",
  "login_names",
  "recovery_codes",
  "exemptions",
  "notices",
  "uncoded_sessions",
  "place_failures",
  "known_places",
  "wrong_passwords",
  "open_attempts",
  "decisions",
  "similar_names",
  "turns",
];

/** What the audit trail's rows are numbered from. */
export const SEQUENCES = [
  "challenged_numbers",
  "accepted_numbers",
  "refused_numbers",
  "unchanged_numbers",
];

/**
 * Makes the SQL that gives a role what logins and administration need, and nothing else.
 *
 * @throws Failure `usage` for what cannot be the name of one role
 */
export function grantsSql(role: string): string {
  const to = `TO ${quotedRole(role)};\n`;
  const named = (names: readonly string[]) =>
    names.map((name) => `openvpn_totp.${name}`).join(", ");
  return [
    `GRANT USAGE ON SCHEMA openvpn_totp ${to}`,
    `GRANT SELECT ON openvpn_totp.schema_version ${to}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${named(TABLES)}\n  ${to}`,
    `GRANT USAGE ON SEQUENCE ${named(SEQUENCES)}\n  ${to}`,
  ].join("");
}

/** PostgreSQL cuts longer names, and takes another role. */
const MAX_ROLE_BYTES = 63;

function quotedRole(role: string): string {
  const bytes = new TextEncoder().encode(role).length;
  const isName = bytes > 0 && bytes <= MAX_ROLE_BYTES && !role.includes("\0") &&
    role.isWellFormed();
  // PostgreSQL takes it for everybody, even in quotes.
  if (isName && role !== "public") return `"${role.replaceAll('"', '""')}"`;
  throw new Failure(
    "usage",
    `${
      quoted(role)
    } cannot be the name of a role: 1 to ${MAX_ROLE_BYTES} bytes of UTF-8 without NUL are ` +
      'allowed, but not "public", which means everybody',
  );
}
