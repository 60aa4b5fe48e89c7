import { type Config, lastNamed } from "../openvpn_config/directive.ts";
import { SETTINGS } from "../../settings.ts";
import { authPlugin, isPamPlugin } from "../configuration/auth_plugin.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";
import { settingLine } from "./settings_in_config.ts";

/** Whether both factors are checked, and by whom. */
export function checkFactors(setUp: LineFacts): Finding[] {
  return [checkRights(setUp), checkPassword(setUp), checkUnenrolled(setUp)];
}

function checkRights({ config, settings, user, serviceSettings }: LineFacts): Finding {
  const at = lastNamed(config, "user");
  if (user.uid === null) {
    const what = `the system has no user "${user.name}"`;
    return problem("dropped_rights", what, "OpenVPN does not start", { at });
  }
  if (serviceSettings !== null) {
    return ok("dropped_rights", "the service checks passwords, whoever OpenVPN runs as");
  }
  const what = `OpenVPN runs the program as ${user.name}`;
  if (settings.primaryAuth === "external" || user.uid === 0) return ok("dropped_rights", what);
  return problem(
    "dropped_rights",
    what,
    "PAM checks other users' passwords only for root: remove the line, or let another factor " +
      "check the password (docs/codes-only.md)",
    { line: "setenv totpPrimaryAuth external", at },
  );
}

function checkPassword(setUp: LineFacts): Finding {
  if (setUp.settings.primaryAuth === "pam") return checkOnlyOnce(setUp);
  return authPlugin(setUp.config) === null ? checkCertificate(setUp) : checkPlugin(setUp);
}

function checkOnlyOnce({ config }: LineFacts): Finding {
  const plugin = authPlugin(config);
  if (plugin === null || !isPamPlugin(plugin)) {
    return ok("password_factor", "the program has PAM check the password");
  }
  return warning(
    "password_factor",
    "both the program and the plugin auth-pam check the password",
    "the plugin accepts neither session tokens nor answers to dynamic challenges: remove its " +
      "line, or let only the plugin check the password",
    { line: "setenv totpPrimaryAuth external", at: plugin },
  );
}

function checkPlugin({ config, settings }: LineFacts): Finding {
  const at = authPlugin(config)!;
  if (!isPamPlugin(at) && isCertificateOptional(config)) {
    const name = at.words[0] ?? "the plugin";
    return warning(
      "password_factor",
      `clients need no certificate, and it is not known whether ${name} checks passwords`,
      "if it does not, the code alone lets in anyone who has it",
      { at },
    );
  }
  const needsProgram = settings.challengeMethods
    .some((method) => method === "dynamic" || method === "append");
  if (!isPamPlugin(at) || !needsProgram) {
    return ok("password_factor", "a plugin may check the password");
  }
  return warning(
    "password_factor",
    "the plugin accepts neither answers to dynamic challenges nor appended codes",
    "clients that are challenged in these ways cannot log in",
    { line: "setenv totpChallengeMethods crtext,static", at },
  );
}

function checkCertificate({ config }: LineFacts): Finding {
  if (!isCertificateOptional(config)) {
    const what = "the client's certificate is the first factor; any password is accepted";
    return ok("password_factor", what);
  }
  return problem(
    "password_factor",
    "nothing checks the password, and clients need no certificate",
    "the code alone would let in anyone who has it",
    { line: "setenv totpPrimaryAuth pam", at: lastNamed(config, "verify-client-cert") },
  );
}

function isCertificateOptional(config: Config): boolean {
  const word = lastNamed(config, "verify-client-cert")?.words[0] ?? "require";
  return word === "none" || word === "optional" ||
    lastNamed(config, "client-cert-not-required") !== null;
}

/** Whether everybody is asked for a code. */
function checkUnenrolled({ config, settings }: LineFacts): Finding {
  if (settings.unenrolled === "deny") return ok("unenrolled", "unenrolled users are refused");
  const at = settingLine(config, SETTINGS.unenrolled);
  return warning(
    "unenrolled",
    "totpUnenrolled allow is set",
    "unenrolled users get in with just a password: remove the line once everybody is enrolled",
    { line: "setenv totpUnenrolled deny", at },
  );
}
