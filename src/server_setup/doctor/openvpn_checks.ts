import { lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";
import { isOlder } from "./version_order.ts";

/** The oldest OpenVPN that passes a script's challenge on to the client. */
const OLDEST = "2.6.1";

const WHY_TOO_OLD = `${OLDEST} is the oldest version that passes a challenge on to clients`;

/** Whether OpenVPN can read its configuration, is new enough, and may run programs. */
export function checkOpenvpn(setUp: SetUp): Finding[] {
  const general = [checkConfig(setUp), checkVersion(setUp)];
  // OpenVPN runs nothing for the service.
  return setUp.serviceSettings === null ? [...general, checkScriptSecurity(setUp)] : general;
}

function checkConfig({ config, configPath, configTrouble }: SetUp): Finding {
  if (config.error !== null) {
    const { file, line, message } = config.error;
    return problem(
      "config",
      `OpenVPN stops reading at ${file}:${line}: ${message}`,
      "OpenVPN does not start; the rest of the configuration is checked once this is fixed",
    );
  }
  return configTrouble === null ? ok("config", `${configPath} is readable`) : problem(
    "config",
    configTrouble,
    "anyone who can change the configuration can run commands as root",
  );
}

function checkVersion({ openvpn, openvpnTrouble }: SetUp): Finding {
  if (openvpn === null) {
    return warning(
      "openvpn_version",
      `OpenVPN's version is unknown: ${openvpnTrouble}`,
      `${WHY_TOO_OLD} (use --openvpn to name the program)`,
    );
  }
  const what = `${openvpn.path} is OpenVPN ${openvpn.version}`;
  return isOlder(openvpn.version, OLDEST)
    ? problem("openvpn_version", what, WHY_TOO_OLD)
    : ok("openvpn_version", what);
}

function checkScriptSecurity({ config }: SetUp): Finding {
  const at = lastNamed(config, "script-security");
  const level = parseInt(at?.words[0] ?? "1", 10);
  if (level >= 2) return ok("script_security", `script-security is ${level}`);
  return problem(
    "script_security",
    at === null ? "script-security is not set" : `script-security is ${level}`,
    "below 2, OpenVPN runs no program and refuses every login",
    { line: "script-security 2", at },
  );
}
