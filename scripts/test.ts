/**
 * `deno task test`: format, lint and types, then the build, then all tests. Says what was skipped and
 * why, and ends with `N passed, N failed` (and `, N skipped`).
 *
 * @module
 */
import { missingForAllTests } from "../tests/lab/requirements.ts";
import { type Counts, countsIn } from "./junit_counts.ts";
import { TestRun } from "./test_run.ts";

const CHECKS = [
  ["fmt", "--check", "--quiet"],
  ["lint", "--quiet"],
  ["check", "--quiet", "main.ts", "scripts", "tests", "bench"],
  ["task", "--quiet", "build"],
];

/** Runs the tests; gives the counts of the report that Deno writes for programs (JUnit). */
async function runTests(run: TestRun): Promise<Counts> {
  const report = run.path("report.xml");
  await Deno.writeTextFile(report, "");
  const isGreen = await run.test(
    // Those of distributions run in the distributions' roots (scripts/distributions).
    ["--parallel", `--junit-path=${report}`, "--ignore=tests/distributions", "tests"],
    // Two at a time: the time limits in OpenVPN itself are real.
    { DENO_JOBS: "2" },
  );
  return countsIn(await Deno.readTextFile(report), isGreen);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Checks, builds and tests; gives the exit status. */
async function checkAll(run: TestRun): Promise<number> {
  for (const check of CHECKS) {
    if (await run.deno(check)) continue;
    print(`deno ${check.join(" ")} failed: no test was run`);
    print("0 passed, 1 failed");
    return 1;
  }
  const { passed, failed, skipped } = await runTests(run);
  if (skipped > 0) {
    print(`\n${skipped} tests were skipped, for want of:`);
    for (const advice of missingForAllTests()) print(`  ${advice}`);
  }
  const rest = skipped > 0 ? `, ${skipped} skipped` : "";
  print(`\n${passed} passed, ${failed} failed${rest}`);
  return failed === 0 ? 0 : 1;
}

await TestRun.main(checkAll);
