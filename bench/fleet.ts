import { fileURLToPath } from "node:url";
import type { TestPostgres } from "../tests/lab/postgres.ts";
import { measureCalls } from "./fleet_calls.ts";
import { measureMoves } from "./fleet_moves.ts";
import { measureRates } from "./fleet_rates.ts";
import { measureGrowth } from "./growth.ts";
import { describeMachine } from "./machine.ts";
import { describePostgres, startRealPostgres } from "./postgres_rig.ts";
import { type Section, sectionText, writePart } from "./report.ts";

const DOCS = fileURLToPath(new URL("../docs", import.meta.url));

/** The parts of the measurement, by the name that runs one of them alone. */
const PARTS: Record<string, (postgres: TestPostgres, isQuick: boolean) => Promise<Section[]>> = {
  growth: measureGrowth,
  calls: measureCalls,
  rates: measureRates,
  moves: (_, isQuick) => measureMoves(isQuick),
};

/** Measures logins on PostgreSQL. */
export async function benchFleet(
  args: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  const isQuick = args.includes("--quick");
  const chosen = args.filter((word) => !word.startsWith("--"));
  await using postgres = await startRealPostgres();
  const machine = await describeMachine(
    ["scripts/deno task bench fleet", ...args].join(" "),
    [await describePostgres(postgres)],
  );
  const sections: Section[] = [];
  for (const [name, measure] of Object.entries(PARTS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    for (const section of await measure(postgres, isQuick)) {
      print(`${sectionText(section)}\n`);
      sections.push(section);
    }
    // A long measurement that is cut off has written what it knows.
    if (args.includes("--write")) {
      await writePart(DOCS, { heading: "Performance with PostgreSQL", machine, sections });
    }
  }
}
