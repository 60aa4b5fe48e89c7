import { SETTINGS } from "../../settings.ts";
import { lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";
import { settingLine } from "./settings_in_config.ts";

/** Whether `totpCommonName` has a certificate's name to compare with. */
export function checkCommonName(
  { config, settings: { commonName } }: Pick<SetUp, "config" | "settings">,
): Finding[] {
  if (commonName === "any") {
    return [ok("common_name", "totpCommonName does not tie login names to certificates")];
  }
  const at = settingLine(config, SETTINGS.commonName);
  const certificates = lastNamed(config, "verify-client-cert");
  const wanted = lastNamed(config, "client-cert-not-required") === null
    ? certificates?.words[0] ?? "require"
    : "none";
  if (wanted === "none") {
    const why = "every login is refused: remove one of the two lines";
    return [problem("common_name", `${nameOf(commonName)}, and no client has a certificate`, why, {
      at,
    })];
  }
  if (wanted === "optional") {
    const why =
      "logins of clients without one are refused: require certificates, or remove totpCommonName";
    const what = `${nameOf(commonName)}, and clients need no certificate`;
    return [warning("common_name", what, why, { line: "verify-client-cert require", at })];
  }
  const replacing = lastNamed(config, "username-as-common-name");
  if (replacing !== null) {
    return [warning(
      "common_name",
      `username-as-common-name is set, and ${nameOf(commonName)}`,
      "after the login, OpenVPN uses the name that the user typed in place of the certificate's, " +
        "although the two are known to agree: remove the line",
      { at: replacing },
    )];
  }
  return [ok("common_name", `${nameOf(commonName)}: a login name must fit the certificate`)];
}

function nameOf(rule: string): string {
  return `${SETTINGS.commonName.name} is ${rule}`;
}
