import { Failure } from "../../core/failure.ts";
import { crText, dynamicChallenge } from "../challenge_text.ts";
import { fileError } from "../../system/bounded_file.ts";

/**
 * Writes the request for a code, which OpenVPN reads once, right after exit status 2
 * (openvpn(8), `--auth-user-pass-verify`, `auth_pending_file`).
 *
 * @param timeoutSeconds more than 0
 * @param text at most 234 bytes, on one line
 * @throws Failure `file_error`
 */
export function writePendingFile(
  path: string,
  timeoutSeconds: number,
  text: string,
): void {
  write(path, `${timeoutSeconds}\ncrtext\n${crText(text)}\n`);
}

/**
 * Writes a dynamic challenge, which the client receives after `AUTH_FAILED,`: it connects again
 * with its answer (management-notes.txt of OpenVPN, "Challenge/Response Protocol").
 *
 * @param stateId what the answer must contain; without colons
 * @throws Failure `file_error`
 */
export function writeDynamicChallenge(
  path: string,
  challenge: { stateId: string; username: string; text: string },
): void {
  write(path, dynamicChallenge(challenge));
}

/**
 * Writes what the client is told after `AUTH_FAILED,`. Write it before the verdict.
 *
 * @param reason one line without control characters
 * @throws Failure `file_error`
 */
export function writeReasonFile(path: string, reason: string): void {
  write(path, reason);
}

/**
 * Writes the verdict on a deferred login, unless there already is one: a verdict is never
 * overwritten.
 *
 * @throws Failure `file_error`
 */
export function writeVerdict(path: string, accepted: boolean): void {
  write(path, accepted ? "1" : "0");
}

/** Fills a file that OpenVPN made, which must exist and be empty. */
function write(path: string, text: string): void {
  try {
    const info = Deno.lstatSync(path);
    if (!info.isFile) throw new Error("it is not a regular file");
    if (info.size !== 0) {
      throw new Failure("file_error", `${path} already has an answer, which was left as it is`);
    }
    Deno.writeTextFileSync(path, text, { create: false, append: true });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw fileError("write", path, error);
  }
}
