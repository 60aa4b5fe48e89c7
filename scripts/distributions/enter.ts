import { fileURLToPath } from "node:url";
import { mustRun } from "../../tests/lab/command.ts";
import { PROGRAM_VARIABLE } from "../../tests/lab/program.ts";
import { type Counts, countsIn } from "../junit_counts.ts";
import { ROOT } from "../root.ts";
import type { TestRun } from "../test_run.ts";

const ENTER = fileURLToPath(new URL("./enter.sh", import.meta.url));

/** Where things are inside a root. */
const DENO = "/usr/local/bin/deno";
const PROGRAM = "/usr/local/bin/openvpn-totp";
const TREE = "/srv/checkout";
const CACHE = "/srv/deno";
const REPORT = "/srv/report.xml";

/** Which tests to run. */
interface Selection {
  /** Files and directories, from the top of the checkout. */
  tests: readonly string[];
  /** The names of the tests to run; null for all. Each must be there. */
  names: readonly string[] | null;
}

/** Runs tests of this checkout inside a root, and counts them. */
export async function testIn(
  run: TestRun,
  { root, stage }: { root: string; stage: string },
  { tests, names }: Selection,
): Promise<Counts> {
  const report = run.path("report.xml");
  await Deno.writeTextFile(report, "");
  const mounts = [
    `ro|${Deno.execPath()}|${DENO}`,
    `ro|${await run.copyProgram()}|${PROGRAM}`,
    `ro|${ROOT}|${TREE}`,
    `ro|${await npmCache()}|${CACHE}/npm`,
    `rw|${report}|${REPORT}`,
  ];
  const isGreen = await run.command(ENTER, [
    ...[root, stage, mounts.join("\n")],
    ...["env", "-i", "-C", TREE, "HOME=/root", `DENO_DIR=${CACHE}`, "DENO_NO_UPDATE_CHECK=1"],
    // Two at a time, as in `deno task test`.
    ...["DENO_JOBS=2", `${PROGRAM_VARIABLE}=${PROGRAM}`],
    "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...[DENO, "test", "--allow-all", "--no-check", "--cached-only", "--parallel"],
    ...[`--junit-path=${REPORT}`, ...names === null ? [] : [`--filter=${nameForm(names)}`]],
    ...tests,
  ]);
  const text = await Deno.readTextFile(report);
  const counts = countsIn(text, isGreen);
  return names === null ? counts : { ...counts, skipped: skippedOf(names, text) };
}

/**
 * How many tests of these names were skipped: in the report, those of other names are, too.
 *
 * @throws Error if there is no test of one of the names
 */
function skippedOf(names: readonly string[], report: string): number {
  const absent = names.filter((name) => !report.includes(`${name}"`));
  if (absent.length > 0) throw new Error(`there is no test "${absent.join('", "')}"`);
  const isChosen = nameForm(names);
  return [...report.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped/g)]
    .filter(([, name]) => isChosen.test(name!)).length;
}

/** The form of the names, also where the service decides (`tests/lab/requirements.ts`). */
function nameForm(names: readonly string[]): RegExp {
  return new RegExp(`^(by the service, )?(${names.map(RegExp.escape).join("|")})$`);
}

/** Where this machine's Deno keeps the packages of npm. */
async function npmCache(): Promise<string> {
  const { npmCache } = JSON.parse(await mustRun(Deno.execPath(), ["info", "--json"]));
  return npmCache;
}
