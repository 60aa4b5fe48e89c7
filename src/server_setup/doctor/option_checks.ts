import { type Directive, lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";

/** An option that should not be set. */
interface Unwanted {
  option: string;
  /** What to say if it is not set. */
  well: Finding;
  /** What to say if it is, and why it should not be. */
  found: (what: string, at: Directive) => Finding;
}

const CHROOT: Unwanted = {
  option: "chroot",
  well: ok("chroot", "OpenVPN sees the whole file system"),
  found: (what, at) => {
    const why =
      "the program, its libraries, the database and PAM's files are not there: remove the line";
    return problem("chroot", what, why, { at });
  },
};

const OPTIONAL_USERNAME: Unwanted = {
  option: "auth-user-pass-optional",
  well: ok("optional_username", "each client must send a username"),
  found: (what, at) => {
    const why = "the program still refuses clients that send no username: remove the line";
    return warning("optional_username", what, why, { at });
  },
};

const STATIC_CHALLENGE: Unwanted = {
  option: "static-challenge",
  well: ok("static_challenge", "static-challenge is not set here"),
  found: (what, at) => {
    const why =
      "it does nothing on a server: it belongs on clients that ask for the code with the password";
    return warning("static_challenge", what, why, { at });
  },
};

/** Options that keep OpenVPN from asking the program, or do not belong on a server. */
export function checkOtherOptions({ config, serviceSettings }: LineFacts): Finding[] {
  const unwanted = [OPTIONAL_USERNAME, STATIC_CHALLENGE];
  // The service runs outside of whatever OpenVPN sees.
  if (serviceSettings === null) unwanted.unshift(CHROOT);
  return unwanted.map(({ option, well, found }) => {
    const at = lastNamed(config, option);
    return at === null ? well : found(`${option} is set`, at);
  });
}
