/** How many tests did what, by the report that Deno writes for programs (JUnit). */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts the tests of a report.
 *
 * @param isGreen whether the run succeeded: one that breaks off has failed even if no test has
 */
export function countsIn(report: string, isGreen: boolean): Counts {
  const totals = report.match(
    /<testsuites [^>]*tests="(\d+)"[^>]*failures="(\d+)"[^>]*errors="(\d+)"/,
  );
  const [, tests, failures, errors] = (totals ?? []).map(Number);
  const skipped = report.split("<skipped").length - 1;
  const failed = (failures ?? 0) + (errors ?? 0);
  return {
    passed: (tests ?? 0) - failed - skipped,
    failed: isGreen ? failed : Math.max(failed, 1),
    skipped,
  };
}

/** The counts of no test. */
export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

/** The counts of two runs together. */
export function sumOf(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}
