/**
 * `deno task soak [SECONDS]`: the build, then the tests of tests/soak at full size: load for so many
 * seconds (120), half as long more of it than the machine can run, then hundreds of killed calls; about
 * seven minutes in all. Takes `OVTOTP_SEED` (another in each run) and `OVTOTP_RUNS` (20 times the kills
 * of `deno task test`) from the environment.
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
