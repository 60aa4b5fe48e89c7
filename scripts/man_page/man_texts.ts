import { SETTINGS } from "../../src/settings.ts";

/** A name and what it means; what stands between backquotes is in bold. */
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
  "manage users. It takes the first for what it is by the variable `script_type`, which OpenVPN sets.",
  "Enrol each user, add these lines to the server's configuration, and restart the server:",
];

/** What each exit status of a command means. */
export const EXIT_STATUS: readonly Entry[] = [
  ["0", "Done."],
  [
    "1",
    "It could not be done; one line on standard error says what to do. Also: `doctor` found a " +
    "problem, or a login would refuse the code that `verify` was given.",
  ],
  ["2", "Wrong usage."],
];

/** The files. */
export const FILES: readonly Entry[] = [
  [
    SETTINGS.tokenDbPath.default,
    `The database: enrolments, exemptions, the audit trail (\`${SETTINGS.tokenDbPath.name}\`, ` +
    "`--db`). It belongs to root, mode 0600.",
  ],
  [
    SETTINGS.keyFile.default,
    `The key that secrets are sealed with (\`${SETTINGS.keyFile.name}\`, \`--key\`). It belongs ` +
    "to root, mode 0600. Without it each user must be enrolled again.",
  ],
  [
    "/etc/pam.d/openvpn",
    `The PAM service that checks passwords; where there is none, \`login\` (\`${SETTINGS.pamService.name}\`).`,
  ],
];

/** Variables that the commands read; the hook reads the settings, and what OpenVPN gives. */
export const ENVIRONMENT: readonly Entry[] = [
  [
    `${SETTINGS.tokenDbPath.name}, ${SETTINGS.keyFile.name}, ${SETTINGS.issuerName.name}`,
    "As the settings of these names; options come first.",
  ],
  [
    "NO_COLOR",
    "Set to anything: results have no colour on a terminal either.",
  ],
  [
    "FORCE_COLOR, CLICOLOR_FORCE",
    "Results have colour in a pipe, too; none with `FORCE_COLOR=0`.",
  ],
];

/** Paragraphs of SECURITY. */
export const SECURITY = [
  "Any doubt is a refusal: an error, a time limit, a setting that isn't understood. A code counts " +
  "once, and a challenge takes one answer.",
  "Database and key file must belong to root (or to the user who runs the program), and so must " +
  "each directory on the way; nobody else may write there. Back up both, apart from each other.",
  "A secret and a provisioning URI let whoever has them make the user's codes. Passwords, secrets " +
  "and codes are never in the log.",
];
