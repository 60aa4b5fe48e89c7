import { readRegularFile } from "../../system/read_regular_file.ts";
import type { RuleText } from "./profile_text.ts";

/** More bytes than a profile or an include has. */
const MAX_BYTES = 1024 * 1024;

/** Copies that editors and package managers leave in a directory, which the parser passes over. */
const PASSED_OVER = /^\.|~$|\.(?:dpkg-\w+|rpm(?:new|save)|pac(?:new|save)|orig|rej)$/;

/**
 * Reads a text of AppArmor's, or those in a directory; none where nothing is there, or nothing that
 * can be read.
 *
 * @param root in front of the path; empty on a running system
 */
export function readTexts(root: string, path: string): RuleText[] {
  try {
    const names = Deno.statSync(root + path).isDirectory ? namesIn(root + path) : null;
    return names === null
      ? [textAt(root, path)]
      : names.map((name) => textAt(root, `${path}/${name}`));
  } catch {
    return [];
  }
}

function textAt(root: string, file: string): RuleText {
  const { content } = readRegularFile(root + file, MAX_BYTES);
  return { file, text: new TextDecoder().decode(content) };
}

function namesIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory))
    .filter(({ name, isDirectory }) => !isDirectory && !PASSED_OVER.test(name))
    .map(({ name }) => name)
    .sort();
}
