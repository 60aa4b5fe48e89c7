import { type Directive, lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";

const ID = "management";

/** Whether hooks or a management client decide about logins, and who may be that client. */
export function checkManagement({ config, serviceSettings }: LineFacts): Finding[] {
  const at = lastNamed(config, "management-client-auth");
  if (at === null) return [ok(ID, "no management client decides about logins")];
  if (serviceSettings === null) {
    return [problem(
      ID,
      "management-client-auth is set, and OpenVPN runs this program as well",
      "each login also waits for the management client's decision, and both must accept it: choose " +
        "one of them (openvpn-totp setup --hook or --serve)",
      { at },
    )];
  }
  const management = lastNamed(config, "management");
  const finding = management === null ? missing(at) : checkAddress(management);
  const waits = lastNamed(config, "management-hold") !== null;
  return finding.level === "ok" && !waits ? [withoutHold(at)] : [finding];
}

function withoutHold(at: Directive): Finding {
  return warning(
    ID,
    "management-hold is not set",
    "whoever logs in between OpenVPN's start and the service's connection waits for a minute",
    { line: "management-hold", at },
  );
}

function missing(at: Directive): Finding {
  const what = "management-client-auth is set, and management is not";
  return problem(ID, what, "OpenVPN does not start", {
    line: "management /run/openvpn-totp/server.sock unix",
    at,
  });
}

/** Whoever connects first decides about all logins. */
function checkAddress(at: Directive): Finding {
  const [address = "", port = "", password] = at.words;
  if (port === "unix") return ok(ID, "the service decides about logins");
  const where = `management is ${address} ${port}`;
  if (!/^(127(\.\d{1,3}){3}|localhost|::1)$/.test(address)) {
    const why = "other machines may let users in: choose a socket's path";
    return problem(ID, where, why, { line: "management /run/openvpn-totp/server.sock unix", at });
  }
  if (password !== undefined) return ok(ID, "the service decides about logins");
  return problem(
    ID,
    `${where}, without a password file`,
    "any user of this machine can connect and let anybody in: choose a socket's path",
    { line: "management /run/openvpn-totp/server.sock unix", at },
  );
}
