/** More than the steps by which the library for PostgreSQL gives a connection up. */
const TURNS = 10;

/**
 * Waits until timers that are due have run, and those that they start in turn. The library has some of no
 * length, which may outlive what was closed; Deno would call them leaks, of this test or the next one.
 */
export async function dueTimersRun(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setTimeout(resolve));
}
