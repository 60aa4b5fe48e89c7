import { SETTINGS_FILE } from "../../src/service_options.ts";
import { SETTINGS } from "../../src/settings.ts";

/** A name and what it means; text between backquotes is set in bold. */
type Entry = readonly [name: string, meaning: string];

/** Lines of the server's configuration. */
export const SERVER_LINES = [
  "script-security 2",
  "auth-user-pass-verify /usr/local/bin/openvpn-totp via-file",
  "client-crresponse /usr/local/bin/openvpn-totp",
  "auth-gen-token",
];

/** Paragraphs of DESCRIPTION. */
export const DESCRIPTION = [
  "`openvpn-totp` asks users of an OpenVPN server for two factors: username and password, checked " +
  "through PAM, then a code from an authenticator app (TOTP, RFC 6238). OpenVPN runs the program at " +
  "each login; an administrator runs it, as root, with one of the commands below to enrol and " +
  "manage users. OpenVPN's calls are recognised by the variable `script_type`, which OpenVPN sets.",
  "Enrol each user, add these lines to the server's configuration, and restart the server:",
];

/** What each exit status of a command means. */
export const EXIT_STATUS: readonly Entry[] = [
  ["0", "Success."],
  [
    "1",
    "Failure: one line on standard error says what went wrong and what to do. Also: `doctor` found " +
    "a problem, a login would refuse the code that `verify` was given, or `status` found a server " +
    "that is not connected.",
  ],
  ["2", "Wrong usage."],
];

/** The files. */
export const FILES: readonly Entry[] = [
  [
    SETTINGS.tokenDbPath.default,
    `The database, unless \`${SETTINGS.database.name}\` names one on a PostgreSQL server: ` +
    `enrolments, exemptions, the audit trail (\`${SETTINGS.tokenDbPath.name}\`, \`--db\`). ` +
    "It belongs to root, or to the service's user, mode 0600.",
  ],
  [
    SETTINGS.keyFile.default,
    `The key that seals the secrets (\`${SETTINGS.keyFile.name}\`, \`--key\`). It belongs ` +
    "to root, or to the service's user, mode 0600. Without it, every user must be enrolled again.",
  ],
  [
    SETTINGS_FILE,
    "The settings of `serve` and `pam-helper`: lines with a setting's name, then its value.",
  ],
  [
    "/etc/pam.d/openvpn",
    `The PAM service that checks passwords; without this file, \`login\` (\`${SETTINGS.pamService.name}\`).`,
  ],
];

/** Variables that commands read. Logins read the settings and OpenVPN's variables. */
export const ENVIRONMENT: readonly Entry[] = [
  [
    [
      ...[SETTINGS.database, SETTINGS.databaseTimeoutSeconds, SETTINGS.tokenDbPath],
      ...[SETTINGS.keyFile, SETTINGS.issuerName],
    ].map(({ name }) => name).join(", "),
    "The same as the settings with these names; options take precedence.",
  ],
  [
    "PGPASSFILE",
    "The passfile of a database on a PostgreSQL server whose URL names none.",
  ],
  ["NO_COLOR", "If set to anything, results have no colour, even on a terminal."],
  [
    "FORCE_COLOR, CLICOLOR_FORCE",
    "If set, results have colour, even in a pipe; with `FORCE_COLOR=0` they have none.",
  ],
];

/** Paragraphs of SECURITY. */
export const SECURITY = [
  "Any doubt is a refusal: an error, a time-out, a setting that is not understood. Each code is " +
  "accepted once, and each challenge takes one answer.",
  "Database and key file must belong to root (or to the user who runs the program), and so must " +
  "each directory on the path to them; nobody else may be able to write there. Back up both, in " +
  "separate places.",
  "Anyone who has a user's secret or provisioning URI can make that user's codes. Passwords, secrets " +
  "and codes are never logged.",
];
