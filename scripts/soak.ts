/**
 * `deno task soak [SECONDS]` builds the program, then runs tests/soak at full size: load for that many
 * seconds (120 by default), half as long of more load than the machine can run, then hundreds of
 * killed calls, hundreds of kills of the service and of PAM's helpers, and thousands of logins through
 * one service. It takes about twenty minutes in all. `OVTOTP_SEED` in the environment sets the seed,
 * which otherwise differs in each run; `OVTOTP_RUNS` sets how many times the kills of `deno task test`
 * there are (20 by default).
 *
 * @module
 */
import { missingForAllTests } from "../tests/lab/requirements.ts";
import { TestRun } from "./test_run.ts";

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const seconds = Deno.args[0] ?? "120";
if (!/^[1-9][0-9]*$/.test(seconds)) {
  print("The soak takes the seconds of its load, a whole number.");
  Deno.exit(2);
}
const { OVTOTP_SEED, OVTOTP_RUNS } = Deno.env.toObject();
const env = {
  OVTOTP_SECONDS: seconds,
  OVTOTP_RUNS: OVTOTP_RUNS ?? "20",
  OVTOTP_SEED: OVTOTP_SEED ?? String(Math.floor(Math.random() * 2 ** 31)),
};
for (const advice of missingForAllTests()) print(`lacking: ${advice}`);
print(`Seed ${env.OVTOTP_SEED}`);
await TestRun.main(async (run) => {
  const isGreen = await run.deno(["task", "--quiet", "build"]) &&
    await run.test(["tests/soak"], env);
  return isGreen ? 0 : 1;
});
