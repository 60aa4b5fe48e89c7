import { type Config, directivesNamed, lastNamed } from "../openvpn_config/directive.ts";
import { SETTINGS } from "../../settings.ts";
import { authPlugin, isPamPlugin } from "./session_checks.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

/** Whether both factors are looked at, and by whom. */
export function checkFactors(setUp: SetUp): Finding[] {
  return [
    ...checkRights(setUp),
    ...checkPassword(setUp),
    ...checkUnenrolled(setUp),
    ...checkForbidden(setUp),
    ...checkOptional(setUp),
  ];
}

function checkRights({ config, settings, user }: SetUp): Finding[] {
  const at = lastNamed(config, "user");
  if (user.uid === null) {
    return [problem(
      "dropped_rights",
      `the system knows no user "${user.name}"`,
      "OpenVPN doesn't start",
      { at },
    )];
  }
  if (settings.primaryAuth === "external" || user.uid === 0) {
    return [ok("dropped_rights", `OpenVPN runs the program as ${user.name}`)];
  }
  return [problem(
    "dropped_rights",
    `OpenVPN runs the program as ${user.name}`,
    `PAM checks other users' passwords for root alone: remove the line, or let another factor check ` +
      'the password (README, "Codes only")',
    { line: "setenv totpPrimaryAuth external", at },
  )];
}

function checkPassword({ config, settings }: SetUp): Finding[] {
  const plugin = authPlugin(config);
  const isPam = plugin !== null && isPamPlugin(plugin);
  if (settings.primaryAuth === "pam") {
    return [
      isPam
        ? warning(
          "password_factor",
          "both the program and the plugin auth-pam check the password",
          "the plugin takes neither session tokens nor answers to dynamic challenges: remove its line, " +
            "or let it check the password alone",
          { line: "setenv totpPrimaryAuth external", at: plugin },
        )
        : ok("password_factor", "the program has PAM check the password"),
    ];
  }
  if (plugin !== null && (isPam || !isCertificateOptional(config))) {
    const methods = settings.challengeMethods;
    return [
      isPam &&
        methods.some((one) => one === "dynamic" || one === "append")
        ? warning(
          "password_factor",
          "the plugin takes no answer to a dynamic challenge, and no appended code",
          "clients that are asked so can't log in",
          { line: "setenv totpChallengeMethods crtext,static", at: plugin },
        )
        : ok("password_factor", "a plugin may check the password"),
    ];
  }
  if (plugin !== null) {
    return [warning(
      "password_factor",
      `clients need no certificate, and whether ${
        plugin.words[0] ?? "the plugin"
      } checks passwords isn't known`,
      "where it doesn't, the code alone lets anybody in who has it",
      { at: plugin },
    )];
  }
  const certificate = lastNamed(config, "verify-client-cert");
  return [
    isCertificateOptional(config)
      ? problem(
        "password_factor",
        "nothing checks the password, and clients need no certificate",
        "the code alone would let anybody in who has it",
        { line: "setenv totpPrimaryAuth pam", at: certificate },
      )
      : ok(
        "password_factor",
        "the client's certificate is the first factor, and passwords may be anything",
      ),
  ];
}

function isCertificateOptional(config: Config): boolean {
  const word = lastNamed(config, "verify-client-cert")?.words[0] ?? "require";
  return word === "none" || word === "optional" ||
    lastNamed(config, "client-cert-not-required") !== null;
}

/** Whether the code is asked of everybody. */
function checkUnenrolled({ config, settings }: SetUp): Finding[] {
  const at =
    directivesNamed(config, "setenv").findLast(({ words }) =>
      words[0] === SETTINGS.unenrolled.name
    ) ?? null;
  return [
    settings.unenrolled === "deny" ? ok("unenrolled", "who isn't enrolled is refused") : warning(
      "unenrolled",
      "totpUnenrolled allow is set",
      "who isn't enrolled gets in by the password alone: remove the line once all are",
      { line: "setenv totpUnenrolled deny", at },
    ),
  ];
}

/** Options that keep OpenVPN from asking the program, or from finding it. */
function checkForbidden({ config }: SetUp): Finding[] {
  const management = lastNamed(config, "management-client-auth");
  const chroot = lastNamed(config, "chroot");
  return [
    management === null ? ok("management", "no management client decides about logins") : problem(
      "management",
      "management-client-auth is set",
      "each login waits for the management client's word besides the program's: remove the line",
      { at: management },
    ),
    chroot === null ? ok("chroot", "OpenVPN sees the whole file system") : problem(
      "chroot",
      `chroot ${chroot.words[0] ?? ""} is set`,
      "program, libraries, database and PAM's files aren't there: remove the line",
      { at: chroot },
    ),
  ];
}

function checkOptional({ config }: SetUp): Finding[] {
  const username = lastNamed(config, "auth-user-pass-optional");
  const challenge = lastNamed(config, "static-challenge");
  return [
    username === null ? ok("optional_username", "each client must send a username") : warning(
      "optional_username",
      "auth-user-pass-optional is set",
      "the program refuses clients without a username all the same: remove the line",
      { at: username },
    ),
    challenge === null ? ok("static_challenge", "no client's option is left here") : warning(
      "static_challenge",
      "static-challenge is set",
      "it does nothing on a server: it belongs to clients that ask along with the password",
      { at: challenge },
    ),
  ];
}
