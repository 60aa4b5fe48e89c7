import { dirname } from "node:path/posix";
import { externalAuthAt } from "../configuration/session_times.ts";
import { lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";
import { setupCommand } from "./setup_command.ts";
import { isOlder } from "./version_order.ts";

/** Whether session tokens outlive a restart of OpenVPN, and only OpenVPN can make them. */
export function checkTokenSecret(facts: LineFacts): Finding[] {
  const { config, tokenSecret, serviceSettings } = facts;
  const token = lastNamed(config, "auth-gen-token");
  const at = lastNamed(config, "auth-gen-token-secret");
  const trouble = tokenSecret?.trouble ?? null;
  if (trouble !== null) {
    return [problem(
      "session_token",
      trouble,
      "anyone who has auth-gen-token-secret can make session tokens, which replace both password " +
        "and code",
      { at },
    )];
  }
  if (token === null) return [];
  if (at !== null) return [ok("token_secret", "session tokens outlive a restart of OpenVPN")];
  return [warning(
    "token_secret",
    "auth-gen-token-secret is not set",
    "each restart of OpenVPN voids all session tokens, and every user must log in again at once: " +
      (serviceSettings === null
        ? "with 100 users, traffic stands still for more than 20 seconds"
        : "with many users, the first codes come late"),
    { command: commandFor(facts), at: token },
  )];
}

/** Null if a shell would not take the path as it is. */
function commandFor(facts: LineFacts): string | null {
  const { configPath } = facts;
  if (!/^[\w./+@-]+$/.test(configPath)) return null;
  return `${setupCommand(facts)} --token-secret ${dirname(configPath)}/auth-token.key`;
}

/** Whether a client could crash the server with a malformed token. */
export function checkTokenCrash({ config, openvpn }: LineFacts): Finding[] {
  const at = externalAuthAt(config);
  if (at === null || openvpn === null) return [];
  const { version } = openvpn;
  const isFixed = !isOlder(version, "2.7.5") ||
    !isOlder(version, "2.6.21") && isOlder(version, "2.7");
  if (isFixed) return [ok("token_crash", `OpenVPN ${version} has the fix of CVE-2026-13122`)];
  return [warning(
    "token_crash",
    `auth-gen-token has external-auth, and OpenVPN is ${version}`,
    "before 2.6.21 and 2.7.5, a malformed session token crashes such a server (CVE-2026-13122); " +
      "distributions fix this without a new version number, so look for the CVE in the changelog " +
      "of your package",
    { line: "auth-gen-token", at },
  )];
}
