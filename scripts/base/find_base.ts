/**
 * The base binary ("denort") that `deno compile` copies and appends the program to.
 *
 * @module
 */
import type { BaseRecord } from "../../src/admin/build_record.ts";
import { type Base, sha256Of, type Target } from "./base.ts";
import { denoVersionIn } from "./elf.ts";
import { ownDownload } from "./own_download.ts";
import { PINNED, pinnedBase } from "./pinned.ts";

/**
 * Finds a base binary: the file that `DENORT_BIN` names, otherwise Deno's own download, otherwise
 * pinned bytes of a published package.
 *
 * @param directory for the base binary, which has to stay until the program is compiled
 * @throws Error if there is none
 */
export async function findBase(target: Target, directory: string): Promise<Base> {
  const given = Deno.env.get("DENORT_BIN");
  if (given) return await recorded(await readGiven(given), directory, { origin: "given" });
  const downloaded = await ownDownload(directory, target);
  if (typeof downloaded !== "string") {
    return await recorded(downloaded, directory, { origin: "download" });
  }
  try {
    const base = await pinnedBase(directory, target);
    const { package: name } = PINNED[target];
    return await recorded(base, directory, { origin: "package", package: name });
  } catch (error) {
    throw new Error(
      `no base binary for ${target}: Deno's download failed (${downloaded}); and ` +
        `${error instanceof Error ? error.message : error}: set DENORT_BIN to the path of the ` +
        `denort of Deno ${Deno.version.deno}`,
    );
  }
}

async function readGiven(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`DENORT_BIN is "${path}", which cannot be read (${reason})`);
  }
}

/** Writes a base binary down, for `deno compile`, and what there is to say of it. */
async function recorded(
  bytes: Uint8Array<ArrayBuffer>,
  directory: string,
  { origin, package: name }: Pick<BaseRecord, "origin" | "package">,
): Promise<Base> {
  const path = `${directory}/denort`;
  await Deno.writeFile(path, bytes, { mode: 0o755 });
  return {
    origin,
    ...name === undefined ? {} : { package: name },
    path,
    sha256: await sha256Of(bytes),
    deno: versionOf(bytes, origin),
  };
}

function versionOf(bytes: Uint8Array, origin: BaseRecord["origin"]): string {
  try {
    return denoVersionIn(bytes);
  } catch (error) {
    throw new Error(
      `the base binary (${origin === "given" ? "DENORT_BIN" : origin}) is of no use: ` +
        `${error instanceof Error ? error.message : error}`,
    );
  }
}
