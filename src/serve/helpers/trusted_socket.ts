import { Failure } from "../../core/failure.ts";
import { messageOf } from "../../text/message_of.ts";
import { followTrusted, foreignOwner } from "../../system/trusted_path.ts";

/**
 * Makes sure that only root or this process's user can have put a socket where it is: whoever
 * listens on it is told passwords, and decides about them.
 *
 * @param path absolute
 * @returns where it leads, without symbolic links
 * @throws Failure `untrusted_path`, or `helper_lost` where there is no socket
 */
export function requireTrustedSocket(path: string): string {
  const { path: at, info } = follow(path);
  if (info?.isSocket) return at;
  const what = info === null ? "is not there" : "is no socket";
  throw new Failure("helper_lost", `the socket of PAM's helpers, ${path}, ${what}: ${START}`);
}

/** What makes the socket. */
export const START = "start openvpn-totp-pam.socket";

function follow(path: string): ReturnType<typeof followTrusted> {
  try {
    return followTrusted(path);
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw new Failure(
        "helper_lost",
        `the socket of PAM's helpers cannot be looked at: ${messageOf(error)}`,
      );
    }
    const owner = foreignOwner(path);
    const why = owner === null
      ? error.message
      : `something on the way to ${path} belongs to uid ${owner}, who could read passwords ` +
        `there: only root and the service's own user may own it (ls -ld)`;
    throw new Failure("untrusted_path", `the socket of PAM's helpers is not to be trusted: ${why}`);
  }
}
