import { sha256Of, type Target } from "./base.ts";
import { denoCommand } from "./deno_command.ts";

/** Base binaries at the beginning of programs that others have made by `deno compile` and published. */
export interface Pinned {
  /** The npm package with its version. */
  package: string;
  /** The program's file in the package. */
  file: string;
  /** The length of the ELF image that the program begins with. */
  bytes: number;
  sha256: string;
  /** The version of Deno, whose `deno compile` the base binary fits. */
  deno: string;
}

/**
 * The newest that could be found. `scripts/verify_base.ts` compares them with other packages' bytes.
 */
export const PINNED: Record<Target, Pinned> = {
  "x86_64-unknown-linux-gnu": {
    package: "@stdy/cli-linux-x64@0.22.2",
    file: "bin/steady",
    bytes: 97_076_048,
    sha256: "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6",
    deno: "2.7.11",
  },
  "aarch64-unknown-linux-gnu": {
    package: "@stdy/cli-linux-arm64@0.22.2",
    file: "bin/steady",
    bytes: 90_596_104,
    sha256: "9c888d915647ff971a497acd39ee45ea63da5f19d12d4363124942c257c055ef",
    deno: "2.7.11",
  },
};

/**
 * Takes the pinned base binary out of its package, which it downloads from the npm registry.
 *
 * @param directory for what this needs for a while
 * @throws Error if it cannot be had, or is not what it was
 */
export async function pinnedBase(
  directory: string,
  target: Target,
): Promise<Uint8Array<ArrayBuffer>> {
  const { package: name, file, bytes, sha256, deno } = PINNED[target];
  if (deno !== Deno.version.deno) {
    throw new Error(
      `the pinned base binary (${name}) is of Deno ${deno}, and this is ${Deno.version.deno}`,
    );
  }
  const base = await readStart(await publishedFile(directory, name, file), bytes);
  const found = await sha256Of(base);
  if (found === sha256) return base;
  throw new Error(
    `the first ${bytes} bytes of ${file} in ${name} have SHA-256 ${found}, expected is ` +
      `${sha256}: not used`,
  );
}

/**
 * Downloads an npm package.
 *
 * @param name with its version
 * @returns the path of one of its files
 * @throws Error if the package cannot be had
 */
export async function publishedFile(
  directory: string,
  name: string,
  file: string,
): Promise<string> {
  const { code, stderr } = await denoCommand(directory, [
    ...["cache", "--no-config", "--no-lock", "--node-modules-dir=auto", `npm:${name}`],
  ]);
  if (code !== 0) {
    throw new Error(
      `the npm package ${name} cannot be had (${new TextDecoder().decode(stderr).trim()})`,
    );
  }
  return `${directory}/node_modules/${name.slice(0, name.lastIndexOf("@"))}/${file}`;
}

async function readStart(path: string, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  using file = await Deno.open(path);
  let at = 0;
  while (at < length) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return bytes;
}
