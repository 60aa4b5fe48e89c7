import { Failure } from "../../core/failure.ts";
import { readRegularFile } from "../../system/read_regular_file.ts";
import { messageOf } from "../../text/message_of.ts";
import { printable, quoted } from "../../text/printable.ts";
import type { RuleText } from "./profile_text.ts";

/** More bytes than a profile or an include has. */
const MAX_BYTES = 1024 * 1024;

/** What the parser passes over in a directory. */
const PASSED_OVER = new RegExp(
  "^\\.|^README$|~$|\\.(?:dpkg-(?:new|old|dist|bak|remove)|rpm(?:new|save)|pac(?:new|save)|orig|rej)$",
);

/**
 * Reads a text of AppArmor's, or those in a directory; none where nothing is there.
 *
 * @param root in front of the path; empty on a running system
 * @throws Failure `config_error` if something is there that cannot be read
 */
export function readTexts(root: string, path: string): RuleText[] {
  if (!isThere(root + path)) return [];
  try {
    return filesAt(root, path).map((file) => {
      const { content } = readRegularFile(root + file, MAX_BYTES);
      return { file, text: new TextDecoder().decode(content) };
    });
  } catch (error) {
    const what = `AppArmor's rules in ${quoted(root + path)} cannot be read`;
    throw new Failure("config_error", `${what}: ${printable(messageOf(error))}`);
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}

/** In a directory, only regular files count, also by links; one that leads nowhere is an error. */
function filesAt(root: string, path: string): string[] {
  if (!Deno.statSync(root + path).isDirectory) return [path];
  return Array.from(Deno.readDirSync(root + path), ({ name }) => name)
    .filter((name) => !PASSED_OVER.test(name) && Deno.statSync(`${root}${path}/${name}`).isFile)
    .sort()
    .map((name) => `${path}/${name}`);
}
