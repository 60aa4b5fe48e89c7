/**
 * `deno task test`: format, lint and types, then the build, then all tests. Says what was skipped and
 * why, and ends with `N passed, N failed` (and `, N skipped`).
 *
 * @module
 */
import { removeLeftoverAccounts } from "../tests/lab/accounts.ts";
import { removeLeftoverNetworks } from "../tests/lab/network.ts";
import { missingForAllTests } from "../tests/lab/requirements.ts";

const CHECKS = [
  ["fmt", "--check", "--quiet"],
  ["lint", "--quiet"],
  ["check", "--quiet", "main.ts", "scripts", "tests", "bench"],
  ["task", "--quiet", "build"],
];

async function deno(args: readonly string[]): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdin: "null",
  }).spawn();
  return (await child.status).success;
}

/** Runs the tests; gives the counts of the report that Deno writes for programs (JUnit). */
async function runTests(): Promise<
  { passed: number; failed: number; skipped: number }
> {
  const report = await Deno.makeTempFile({
    prefix: "ovtotp-t",
    suffix: ".xml",
  });
  try {
    // Two at a time: the time limits in OpenVPN itself are real.
    Deno.env.set("DENO_JOBS", "2");
    const isGreen = await deno([
      ...["test", "--allow-all", "--no-check", "--parallel"],
      ...[`--junit-path=${report}`, "tests"],
    ]);
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
  } finally {
    await Deno.remove(report);
    if (Deno.uid() === 0) {
      await removeLeftoverAccounts();
      await removeLeftoverNetworks();
    }
  }
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

for (const check of CHECKS) {
  if (!await deno(check)) {
    print(`deno ${check.join(" ")} failed: no test was run`);
    print("0 passed, 1 failed");
    Deno.exit(1);
  }
}
const { passed, failed, skipped } = await runTests();
if (skipped > 0) {
  print(`\n${skipped} tests were skipped, for want of:`);
  for (const advice of missingForAllTests()) print(`  ${advice}`);
}
print(
  `\n${passed} passed, ${failed} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : ""),
);
Deno.exit(failed === 0 ? 0 : 1);
