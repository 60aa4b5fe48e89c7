/**
 * `deno run -A scripts/verify_base.ts` compares the pinned base binaries with the bytes that other
 * published npm packages begin with, and their commit with that of what Deno itself publishes. What is
 * not in Deno's cache yet is downloaded from the npm registry. The exit status is 1 if anything differs,
 * or a pinned package cannot be had.
 *
 * @module
 */
import { sha256Of, type Target, TARGETS } from "./base/base.ts";
import { denoVersionIn, elfLength } from "./base/elf.ts";
import { makeTemporaryDirectory } from "./build/temporary_directory.ts";
import { PINNED, type Pinned, publishedFile } from "./base/pinned.ts";

/** Other packages whose programs begin with the same base binary. */
const OTHERS: Record<Target, readonly Pick<Pinned, "package" | "file">[]> = {
  "x86_64-unknown-linux-gnu": [{ package: "@stdy/cli-linux-x64@0.22.1", file: "bin/steady" }],
  "aarch64-unknown-linux-gnu": [],
};

/** Packages of Deno's own, with the whole `deno`, of the same version. */
const OFFICIAL: Record<Target, string> = {
  "x86_64-unknown-linux-gnu": "@deno/linux-x64-glibc",
  "aarch64-unknown-linux-gnu": "@deno/linux-arm64-glibc",
};

/** What a published program begins with. */
interface Start {
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
}

/** Compares all packages of a target; says whether all agree. */
async function verify(target: Target): Promise<boolean> {
  const pinned = PINNED[target];
  print(`${target}: denort ${pinned.deno}, ${pinned.bytes} bytes, SHA-256 ${pinned.sha256}`);
  const first = await startOf(pinned);
  let agrees = first !== null && first.bytes.length === pinned.bytes;
  for (const one of [pinned, ...OTHERS[target]]) {
    const start = one === pinned ? first : await startOf(one);
    const isSame = start?.sha256 === pinned.sha256;
    print(`  ${verdict(start, isSame)}  ${one.package} ${one.file}`);
    agrees &&= isSame || start === null && one !== pinned;
  }
  if (first !== null) agrees = await compareWithDeno(target, first) && agrees;
  return agrees;
}

/** The ELF image that a package's program begins with; null if it cannot be had. */
async function startOf({ package: name, file }: Pick<Pinned, "package" | "file">) {
  await using directory = await makeTemporaryDirectory({ prefix: "openvpn-totp-verify-" });
  try {
    const program = await Deno.readFile(await publishedFile(directory.path, name, file));
    const bytes = program.slice(0, elfLength(program));
    return { bytes, sha256: await sha256Of(bytes) } satisfies Start;
  } catch {
    return null;
  }
}

/** Says whether the base binary is of the commit that Deno's own program of that version is of. */
async function compareWithDeno(target: Target, { bytes }: Start): Promise<boolean> {
  const version = denoVersionIn(bytes);
  const name = `${OFFICIAL[target]}@${version}`;
  const official = await startOf({ package: name, file: "deno" });
  const theirs = official === null ? null : commitIn(official.bytes, version);
  const ours = commitIn(bytes, version);
  const isSame = ours === theirs;
  print(`  ${verdict(official, isSame)}  the commit (${ours}) as in Deno's own ${name}`);
  return isSame || official === null;
}

function verdict(start: Start | null, isSame: boolean): string {
  return start === null ? "?    " : isSame ? "same " : "OTHER";
}

/** The beginning of the hash of the commit that a binary says it was built from. */
function commitIn(bytes: Uint8Array, version: string): string {
  const text = new TextDecoder("latin1").decode(bytes);
  const form = new RegExp(`${version.replaceAll(".", "\\.")}\\+([0-9a-f]{7})`);
  return text.match(form)?.[1] ?? "none";
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

print("same: as pinned; OTHER: not as pinned; ?: cannot be had here");
const results = [];
for (const target of TARGETS) results.push(await verify(target));
Deno.exit(results.every(Boolean) ? 0 : 1);
