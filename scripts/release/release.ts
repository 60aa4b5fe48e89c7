/**
 * Builds the program and makes of it, in dist/release, all that is published: the program, an archive,
 * packages for Debian and rpm, a bill of materials, sums, and a signature if it is given a key. The
 * version is that of deno.json. `scripts/release.ts` runs it.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import { resolve } from "node:path/posix";
import type { Target } from "../base/base.ts";
import { type Build, build } from "../build.ts";
import { sourceDate } from "../build/source_date.ts";
import { makeTemporaryDirectory } from "../build/temporary_directory.ts";
import { ignoreMissing } from "../ignore_missing.ts";
import { ROOT } from "../root.ts";
import { requireAllowed } from "./allowed.ts";
import { requireCommitted } from "./committed.ts";
import { componentsOf } from "./components.ts";
import { namesOf } from "./names.ts";
import { readOptions, type ReleaseOptions } from "./options.ts";
import { pack } from "./packing.ts";
import { sign } from "./sign.ts";
import { requireTools } from "./tools.ts";

const LOCK = `${ROOT}deno.lock`;
const RELEASES = "dist/release";

async function release(options: ReleaseOptions): Promise<void> {
  requireTools(options);
  await requireCommitted(ROOT, options);
  await requireOwnDirectory(releaseOf(options.target));
  await build(options.target, {
    accept: (base) => requireAllowed(base, options),
    use: (made) => publish(made, options),
  });
}

/** Makes the files beside the place where they will be: a release is there as a whole, or not. */
async function publish(
  { target, base, bundle, program }: Build,
  { sign: key, maintainer, compression }: ReleaseOptions,
): Promise<void> {
  const { version } = project;
  const { path: _, ...record } = base;
  const contents = {
    version,
    target,
    base: record,
    components: await componentsOf(bundle, await Deno.readTextFile(LOCK)),
    date: sourceDate(),
  };
  const names = namesOf(version, target, base);
  await using directory = await makeTemporaryDirectory({ dir: "dist", prefix: "release-" });
  const { path } = directory;
  await Deno.chmod(path, 0o755);
  const files = await pack({ program, contents, names, maintainer, compression }, path);
  if (key !== null) {
    report(`signing with ${key}, whose password minisign asks for if it has one`);
    files.push(await sign(path, resolve(key), names.program));
  }
  const release = releaseOf(target);
  await Deno.mkdir(RELEASES, { recursive: true });
  await Deno.remove(release, { recursive: true }).catch(ignoreMissing);
  await Deno.rename(path, release);
  for (const name of files) report(`made ${release}/${name}`);
}

/** Each architecture has its own, whose file of sums has the same name. */
function releaseOf(target: Target): string {
  return `${RELEASES}/${target.split("-")[0]}`;
}

/** A link in its place could lead anywhere. */
async function requireOwnDirectory(release: string): Promise<void> {
  for (const path of ["dist", RELEASES, release]) {
    const info = await Deno.lstat(path).catch(ignoreMissing);
    if (info !== undefined && !info.isDirectory) {
      throw new Error(`${path} is no directory: remove it, then run this again`);
    }
  }
}

function report(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`release: ${line}\n`));
}

try {
  await release(readOptions(Deno.args));
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
