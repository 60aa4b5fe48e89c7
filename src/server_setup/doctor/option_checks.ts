import { lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, type FindingId, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";

/** An option that should not be set. */
interface Unwanted {
  id: FindingId;
  option: string;
  /** What to say if it is not set. */
  well: string;
  /** How bad it is if it is set, and why. */
  tell: typeof problem | typeof warning;
  why: string;
}

const CHROOT: Unwanted = {
  id: "chroot",
  option: "chroot",
  well: "OpenVPN sees the whole file system",
  tell: problem,
  why: "the program, its libraries, the database and PAM's files are not there: remove the line",
};

const UNWANTED: readonly Unwanted[] = [
  {
    id: "optional_username",
    option: "auth-user-pass-optional",
    well: "each client must send a username",
    tell: warning,
    why: "the program still refuses clients that send no username: remove the line",
  },
  {
    id: "static_challenge",
    option: "static-challenge",
    well: "static-challenge is not set here",
    tell: warning,
    why:
      "it does nothing on a server: it belongs on clients that ask for the code with the password",
  },
];

/** Options that keep OpenVPN from asking the program, or do not belong on a server. */
export function checkOtherOptions({ config, serviceSettings }: LineFacts): Finding[] {
  // The service runs outside of whatever OpenVPN sees.
  const unwanted = serviceSettings === null ? [CHROOT, ...UNWANTED] : UNWANTED;
  return unwanted.map(({ id, option, well, tell, why }) => {
    const at = lastNamed(config, option);
    return at === null ? ok(id, well) : tell(id, `${option} is set`, why, { at });
  });
}
