import type { Target } from "./base.ts";
import { denoCommand } from "./deno_command.ts";
import { zipEntry } from "./zip_entry.ts";

/**
 * Has Deno download its own base binary, or find it in its cache.
 *
 * @param directory for what this needs for a while
 * @returns the base binary, or in words why there is none
 */
export async function ownDownload(
  directory: string,
  target: Target,
): Promise<Uint8Array<ArrayBuffer> | string> {
  await Deno.writeTextFile(`${directory}/empty.ts`, "");
  const { code, stderr } = await denoCommand(directory, [
    ...["compile", "--no-config", "--no-lock", "--target", target],
    ...["--output", `${directory}/empty`, `${directory}/empty.ts`],
  ]);
  if (code !== 0) return reasonIn(new TextDecoder().decode(stderr));
  const archive = await Deno.readFile(await archivePath(directory, target));
  return zipEntry(archive, "denort");
}

/** The last cause that Deno names. */
function reasonIn(text: string): string {
  const cause = /^\s+\d+: (?!<unknown>|__libc)(.*)$/gm;
  return [...text.matchAll(cause)].at(-1)?.[1] ?? text.trim().split("\n").at(-1) ??
    "no reason given";
}

/** Where Deno keeps the archive that it has downloaded. */
async function archivePath(directory: string, target: Target): Promise<string> {
  const { stdout } = await denoCommand(directory, ["info", "--no-config", "--json"]);
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
  return `${denoDir}/dl/release/v${Deno.version.deno}/denort-${target}.zip`;
}
