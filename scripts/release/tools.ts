import type { ReleaseOptions } from "./options.ts";

/** The commands that make a release's files, and Debian's packages that have them. */
const TOOLS = { tar: "tar", gzip: "gzip", "dpkg-deb": "dpkg", rpmbuild: "rpm" };

/**
 * Makes sure that a release will not end for want of something after minutes of work.
 *
 * @throws Error that says what is missing
 */
export async function requireTools({ sign }: ReleaseOptions): Promise<void> {
  const needed = { ...TOOLS, ...sign === null ? {} : { minisign: "minisign" } };
  for (const [command, name] of Object.entries(needed)) {
    if (await isThere(command)) continue;
    throw new Error(`${command} is missing: install it (Debian's package ${name})`);
  }
  if (sign === null) return;
  const info = await Deno.stat(sign).catch(() => null);
  if (!info?.isFile) throw new Error(`--sign is "${sign}", which is no file: name minisign's key`);
}

async function isThere(command: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$0" > /dev/null', command],
  }).output();
  return success;
}
