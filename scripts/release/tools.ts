import { isFile } from "../../src/system/present_files.ts";
import { isOnPath } from "../is_on_path.ts";
import type { ReleaseOptions } from "./options.ts";

/** The commands that make a release's files, and Debian's packages that have them. */
const TOOLS = { tar: "tar", gzip: "gzip", "dpkg-deb": "dpkg", rpmbuild: "rpm" };

/**
 * Makes sure that a release will not end for want of something after minutes of work.
 *
 * @throws Error that says what is missing
 */
export function requireTools({ sign }: ReleaseOptions): void {
  const needed = { ...TOOLS, ...sign === null ? {} : { minisign: "minisign" } };
  for (const [command, name] of Object.entries(needed)) {
    if (isOnPath(command)) continue;
    throw new Error(`${command} is missing: install it (Debian's package ${name})`);
  }
  if (sign === null || isFile(sign)) return;
  throw new Error(`--sign is "${sign}", which is no file: name minisign's key`);
}
