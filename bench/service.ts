import { fileURLToPath } from "node:url";
import { describeMachine } from "./machine.ts";
import { measureEnrolled } from "./enrolled.ts";
import { measureGaps } from "./gaps.ts";
import { hashTime } from "./hash_time.ts";
import { measureKnocks } from "./knocks.ts";
import { type Section, sectionText, writePart } from "./report.ts";
import { Rig } from "./rig.ts";
import { measureRush } from "./rush.ts";

const DOCS = fileURLToPath(new URL("../docs", import.meta.url));
const ROUNDS = 10;

/** The parts of the measurement, by the name that runs one of them alone. */
const PARTS: Record<string, (rig: Rig, size: Size) => Promise<Section[]>> = {
  gaps: async (rig, { rounds }) => [await measureGaps(rig, rounds)],
  rush: async (rig, { clients }) => [
    await measureRush(rig, clients, await hashTime(rig.people[0]!)),
  ],
  knocks: async (rig) => await measureKnocks(rig, 1, await hashTime(rig.people[0]!)),
  enrolled: async (_, { isQuick }) => await measureEnrolled(isQuick),
};

/** How much is measured. */
interface Size {
  isQuick: boolean;
  /** Real clients at once. */
  clients: number;
  /** Logins beside traffic. */
  rounds: number;
}

/** Measures the service, hook mode, a Python script and OpenVPN's plugin side by side. */
export async function benchService(
  args: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  const isQuick = args.includes("--quick");
  const size = { isQuick, clients: isQuick ? 20 : 100, rounds: isQuick ? 3 : ROUNDS };
  const chosen = args.filter((word) => !word.startsWith("--"));
  const needsMany = chosen.length === 0 || chosen.includes("rush") || chosen.includes("knocks");
  await using rig = await Rig.make(needsMany ? 101 : 2);
  const sections: Section[] = [];
  for (const [name, measure] of Object.entries(PARTS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    for (const section of await measure(rig, size)) {
      print(`${sectionText(section)}\n`);
      sections.push(section);
    }
  }
  if (!args.includes("--write")) return;
  await writePart(DOCS, {
    heading: "Performance",
    machine: [
      "This page is for whoever wants to know what logins cost.",
      ...await describeMachine(`scripts/deno task bench service ${args.join(" ")}`),
    ],
    sections,
  });
}
