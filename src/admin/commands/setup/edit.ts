import { dirname, resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import { checkLines } from "../../../server_setup/doctor/checks.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import { gatherLines } from "../../../server_setup/doctor/gather.ts";
import { readConfig } from "../../../server_setup/openvpn_config/read_config.ts";
import { editedText } from "../../../server_setup/setup/lines.ts";
import { planSetup } from "../../../server_setup/setup/plan.ts";
import type { Original } from "../../../server_setup/setup/replace_file.ts";
import { requireSound } from "../../../server_setup/setup/require_sound.ts";
import { decodeLatin1, encodeLatin1 } from "../../../text/latin1.ts";
import { quoted } from "../../../text/printable.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { differenceText, hasChanges } from "./difference.ts";
import type { Wish } from "./wish.ts";

/** What is to be done; each part is null if there is nothing to do. */
export interface Plan {
  content: Uint8Array | null;
  difference: string | null;
  /** The path of the key for session tokens that has to be made. */
  newSecret: string | null;
}

/**
 * Edits the configuration, but does not write it.
 *
 * @param named the configuration's path as it was given; `original` has no links in it
 * @returns null twice where nothing would change
 * @throws Failure `config_error`
 */
export function edit(
  context: AdminContext,
  { path, content }: Original,
  named: string,
  wish: Wish,
): { content: Uint8Array | null; difference: string | null } {
  const read = configReader(context);
  // OpenVPN resolves relative paths from the directory of the link, not of the file it leads to.
  const directory = dirname(named);
  const before = readConfig(path, { directory, readFile: read });
  if (before.error !== null) {
    const { file, line, message } = before.error;
    throw new Failure(
      "config_error",
      `OpenVPN cannot read ${quoted(file)}, line ${line}: ${message}: fix it first`,
    );
  }
  const isProgram = (path: string) =>
    realPath(resolve(before.directory, path)) === realPath(wish.program);
  const options = { path, isProgram, ...wish };
  const lines = planSetup(decodeLatin1(content), before, options);
  if (!hasChanges(lines)) return { content: null, difference: null };
  const edited = encodeLatin1(editedText(lines));
  const after = readConfig(path, {
    directory,
    readFile: (file) => file === path ? edited : read(file),
  });
  requireSound(before, after, options);
  const difference = differenceText(path, lines, before, context.screen);
  return { content: edited, difference };
}

/** What doctor will find wrong with the configuration as it is going to be. */
export function findingsAbout(
  context: AdminContext,
  { path }: Original,
  named: string,
  { content, newSecret, program }: Plan & Wish,
): Finding[] {
  const read = configReader(context);
  const facts = gatherLines({
    configPath: named,
    openvpn: undefined,
    readFile: (file) => content !== null && realPath(file) === path ? content : read(file),
    program,
  });
  // The key is not there before the question is answered.
  const known = newSecret === null ? facts : { ...facts, tokenSecret: null };
  return checkLines(known).filter(({ level }) => level !== "ok");
}

function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null;
  }
}
