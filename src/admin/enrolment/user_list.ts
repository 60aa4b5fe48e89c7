import { Failure } from "../../core/failure.ts";
import { readUtf8 } from "../../text/utf8.ts";
import { quoted } from "../../text/printable.ts";
import { isUsername, USERNAME_ALLOWED } from "../../core/username.ts";
import type { AdminContext } from "../context.ts";
import { readInputFile } from "../input_file.ts";

/** Enough for tens of thousands of users. */
const MAX_BYTES = 1024 * 1024;

/** A comment, at the beginning of a line or behind a blank: a username may contain a `#`. */
const COMMENT = /(^|\s)#.*$/;

/**
 * Reads usernames, one per line. Blank lines and comments are skipped.
 *
 * @param path `-` is standard input
 * @throws Failure `input_error` that names the first wrong line
 */
export function readUserList(context: AdminContext, path: string): string[] {
  const content = readInputFile(context, "--from", path, MAX_BYTES);
  const lineOf = new Map<string, number>();
  for (const [index, line] of textOf(content, path).split("\n").entries()) {
    const username = line.replace(COMMENT, "").trim();
    if (username === "") continue;
    const refuse = (what: string) => {
      throw new Failure(
        "input_error",
        `line ${index + 1} of ${quoted(path)}: ${what}; nobody was enrolled`,
      );
    };
    // More often a table with people's names than a name that really holds one.
    if (/[,;]/.test(username)) {
      refuse(
        `${
          quoted(username)
        } is not one username: list one per line and nothing else (a user whose ` +
          "name holds a comma or a semicolon is enrolled with: openvpn-totp enroll USER)",
      );
    }
    if (!isUsername(username)) {
      refuse(`${quoted(username)} cannot be a username: expected ${USERNAME_ALLOWED}`);
    }
    const earlier = lineOf.get(username);
    if (earlier !== undefined) {
      refuse(`${quoted(username)} is already in line ${earlier}`);
    }
    lineOf.set(username, index + 1);
  }
  if (lineOf.size > 0) return [...lineOf.keys()];
  throw new Failure(
    "input_error",
    `${quoted(path)} contains no username: list one username per line`,
  );
}

/** A byte order mark at the beginning is not part of the first username. */
function textOf(content: Uint8Array, path: string): string {
  const text = readUtf8(content);
  if (text === null) throw new Failure("input_error", `${quoted(path)} is not valid UTF-8`);
  return text.replace(/^\ufeff/, "");
}
