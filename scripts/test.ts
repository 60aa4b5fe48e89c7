/**
 * `deno task test`: format, lint and types, then the build, then all tests. Says what was skipped and
 * why, and ends with `N passed, N failed` (and `, N skipped`).
 *
 * @module
 */
import { missingForAllTests } from "../tests/lab/requirements.ts";
import { TestRun } from "./test_run.ts";

const CHECKS = [
  ["fmt", "--check", "--quiet"],
  ["lint", "--quiet"],
  ["check", "--quiet", "main.ts", "scripts", "tests", "bench"],
  ["task", "--quiet", "build"],
];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs the tests; gives the counts of the report that Deno writes for programs (JUnit). */
async function runTests(run: TestRun): Promise<Counts> {
  const report = run.path("report.xml");
  await Deno.writeTextFile(report, "");
  const isGreen = await run.test(
    ["--parallel", `--junit-path=${report}`, "tests"],
    // Two at a time: the time limits in OpenVPN itself are real.
    { DENO_JOBS: "2" },
  );
  const text = await Deno.readTextFile(report);
  const totals = text.match(
    /<testsuites [^>]*tests="(\d+)"[^>]*failures="(\d+)"[^>]*errors="(\d+)"/,
  );
  const [, tests, failures, errors] = (totals ?? []).map(Number);
  const skipped = text.split("<skipped").length - 1;
  const failed = (failures ?? 0) + (errors ?? 0);
  return {
    passed: (tests ?? 0) - failed - skipped,
    // A run that breaks off has failed even if no test has.
    failed: isGreen ? failed : Math.max(failed, 1),
    skipped,
  };
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
