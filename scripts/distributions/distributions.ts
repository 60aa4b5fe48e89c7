/**
 * `deno task distributions [--core] [--root SUITE] [--fresh] [--mirror URL] [TEST...]` builds the
 * program, then runs tests with a real OpenVPN inside other distributions' roots, which `debootstrap`
 * makes and which are kept for the next run. `--core` runs one whole login by each method.
 * `--remove` removes the roots.
 *
 * It ends with `N passed, N failed`. If a root can't be made because the archive is out of reach, its
 * tests are left out, and the last lines say so.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { missing } from "../../tests/lab/requirements.ts";
import { isOnPath } from "../is_on_path.ts";
import { isThere } from "../is_there.ts";
import { type Counts, NO_TESTS, sumOf } from "../junit_counts.ts";
import { TestRun } from "../test_run.ts";
import { archiveOfThisMachine } from "./archive.ts";
import { testIn } from "./enter.ts";
import { RootCache } from "./root_cache.ts";
import { CORE, type Distribution, DISTRIBUTIONS } from "./roots.ts";

const OPTIONS = {
  core: { type: "boolean", default: false },
  root: { type: "string", multiple: true },
  fresh: { type: "boolean", default: false },
  mirror: { type: "string" },
  remove: { type: "boolean", default: false },
} as const;

/** The keys of Debian's archive, by which debootstrap checks what it downloads. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

type Chosen = ReturnType<typeof parse>;

function parse(args: string[]) {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const unknown = values.root?.find((name) => DISTRIBUTIONS.every(({ suite }) => suite !== name));
  if (unknown === undefined) return { ...values, tests: positionals };
  const known = DISTRIBUTIONS.map(({ suite }) => suite).join(" or ");
  throw new Error(`--root is "${unknown}", expected ${known}`);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Runs the tests in one distribution; null if there is no root, and the archive is out of reach. */
async function runIn(
  run: TestRun,
  cache: RootCache,
  { suite, title, tests }: Distribution,
  chosen: Chosen,
): Promise<Counts | null> {
  const archive = () => Promise.resolve(chosen.mirror ?? archiveOfThisMachine());
  const began = Date.now();
  const root = await cache.ready(suite, run, archive, chosen.fresh);
  if (root === null) return null;
  print(`\n${title}: the root was ready after ${secondsSince(began)} s`);
  const counts = await testIn(run, { root, stage: cache.stage }, {
    tests: chosen.tests.length > 0 ? chosen.tests : tests,
    names: chosen.core ? CORE : null,
  });
  print(`${title}: ${secondsSince(began)} s in all`);
  return counts;
}

async function runAll(run: TestRun, chosen: Chosen): Promise<number> {
  if (!await run.deno(["task", "--quiet", "build"])) throw new Error("no test was run");
  const cache = new RootCache();
  let counts = NO_TESTS;
  const left: string[] = [];
  for (const distribution of DISTRIBUTIONS) {
    if (chosen.root !== undefined && !chosen.root.includes(distribution.suite)) continue;
    const more = await runIn(run, cache, distribution, chosen)
      .catch((error) => brokenOff(distribution.title, error));
    if (more === null) left.push(distribution.title);
    else counts = sumOf(counts, more);
  }
  print("");
  for (const title of left) print(`${title} was left out: the archive can't be reached`);
  // A root has what the tests need: one that is skipped there has failed.
  const failed = counts.failed + counts.skipped;
  if (counts.skipped > 0) print(`${counts.skipped} tests were skipped, which counts as failed`);
  print(`${counts.passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Tests of which there is no report, which counts as one that failed. */
function brokenOff(title: string, error: unknown): Counts {
  print(`${title}: ${error instanceof Error ? error.message : error}`);
  return { ...NO_TESTS, failed: 1 };
}

function secondsSince(epochMs: number): number {
  return Math.round((Date.now() - epochMs) / 1000);
}

async function main(): Promise<number> {
  const chosen = parse(Deno.args);
  if (chosen.remove) {
    await new RootCache().remove();
    return 0;
  }
  const lacking = missing(["root", "tun", "unshare", "setpriv"]);
  if (!isOnPath("debootstrap")) lacking.push("debootstrap: apt-get install debootstrap");
  if (!isThere(KEYRING)) lacking.push(`${KEYRING}: apt-get install debian-archive-keyring`);
  if (lacking.length > 0) throw new Error(`this machine lacks ${lacking.join("; ")}`);
  return await TestRun.main((run) => runAll(run, chosen));
}

try {
  Deno.exit(await main());
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  print("0 passed, 1 failed");
  Deno.exit(1);
}
