import { type Config, lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";

/** Options that keep OpenVPN from asking the program, or do not belong on a server. */
export function checkOtherOptions({ config, serviceSettings }: LineFacts): Finding[] {
  return [
    // The service runs outside of whatever OpenVPN sees.
    ...serviceSettings === null ? [checkChroot(config)] : [],
    checkOptionalUsername(config),
    checkStaticChallenge(config),
  ];
}

function checkChroot(config: Config): Finding {
  const at = lastNamed(config, "chroot");
  return at === null ? ok("chroot", "OpenVPN sees the whole file system") : problem(
    "chroot",
    "chroot is set",
    "the program, its libraries, the database and PAM's files are not there: remove the line",
    { at },
  );
}

function checkOptionalUsername(config: Config): Finding {
  const at = lastNamed(config, "auth-user-pass-optional");
  return at === null ? ok("optional_username", "each client must send a username") : warning(
    "optional_username",
    "auth-user-pass-optional is set",
    "the program still refuses clients that send no username: remove the line",
    { at },
  );
}

function checkStaticChallenge(config: Config): Finding {
  const at = lastNamed(config, "static-challenge");
  return at === null ? ok("static_challenge", "static-challenge is not set here") : warning(
    "static_challenge",
    "static-challenge is set",
    "it does nothing on a server: it belongs on clients that ask for the code with the password",
    { at },
  );
}
