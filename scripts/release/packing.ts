import { sha256Of } from "../base/base.ts";
import { makeTemporaryDirectory } from "../build/temporary_directory.ts";
import { makeArchive } from "./archive.ts";
import { makeDeb } from "./deb.ts";
import type { Names } from "./names.ts";
import { makeRpm } from "./rpm.ts";
import { type Contents, sbomOf } from "./sbom.ts";

/** What a release's files are made of. */
export interface Packing {
  /** The path of the program that was built. */
  program: string;
  contents: Contents;
  names: Names;
  /** Name and address of who answers for the packages. */
  maintainer: string;
  /** 1 (fast) to 9 (small). */
  compression: number;
}

/** Makes one file of a release. */
type Make = (packing: Packing, directory: string, output: string) => Promise<void>;

/**
 * Makes all files of a release but the signature: the program, archive, packages, bill of materials,
 * and their sums. They are made of one copy of the program, since another build may change the original.
 *
 * @param output an empty directory
 * @returns the files' names, the file of sums last
 */
export async function pack(original: Packing, output: string): Promise<string[]> {
  const { contents, names } = original;
  const packing = { ...original, program: `${output}/${names.program}` };
  await Deno.copyFile(original.program, packing.program);
  await Deno.chmod(packing.program, 0o755);
  await make(makeArchive, packing, `${output}/${names.archive}`);
  await make(makeDeb, packing, `${output}/${names.debian.file}`);
  await make(makeRpm, packing, `${output}/${names.rpm.file}`);
  const sbom = sbomOf(contents, await sha256OfFile(packing.program));
  await Deno.writeTextFile(`${output}/${names.sbom}`, sbom);
  const files = [names.program, names.archive, names.debian.file, names.rpm.file, names.sbom];
  await Deno.writeTextFile(`${output}/${SUMS}`, await sumsOf(output, files));
  for (const name of [...files.slice(1), SUMS]) await Deno.chmod(`${output}/${name}`, 0o644);
  return [...files, SUMS];
}

/** The file with the sums of the others, in the form of sha256sum(1). */
export const SUMS = "SHA256SUMS";

/** In a directory of its own, which the umask does not touch. */
async function make(work: Make, packing: Packing, output: string): Promise<void> {
  await using directory = await makeTemporaryDirectory({ prefix: "openvpn-totp-release-" });
  await Deno.chmod(directory.path, 0o755);
  await work(packing, directory.path, output);
}

async function sumsOf(directory: string, files: readonly string[]): Promise<string> {
  const lines = [];
  for (const name of files) lines.push(`${await sha256OfFile(`${directory}/${name}`)}  ${name}\n`);
  return lines.join("");
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  return await sha256Of(await Deno.readFile(path));
}
