import { fileURLToPath } from "node:url";
import { mustRun } from "../tests/lab/command.ts";
import { coreCount } from "./machine.ts";
import { figure, median } from "./numbers.ts";
import type { Person } from "./people.ts";

const SCRIPT = fileURLToPath(new URL("hash.py", import.meta.url));

/** How long the hash of a password takes, in milliseconds. */
export interface HashTime {
  alone: number;
  /** While each processor makes one: they may share a core. */
  together: number;
}

/** Measures the hash of a password (medians of 21). */
export async function hashTime({ username }: Person): Promise<HashTime> {
  const times = async () => {
    const lines = await mustRun("/usr/bin/python3", [SCRIPT, username]);
    return lines.trim().split("\n").map(Number);
  };
  const alone = median(await times());
  const all = await Promise.all(Array.from({ length: coreCount() }, times));
  return { alone, together: median(all.flat()) };
}

/** The least time in which this machine makes the hashes of some logins, in milliseconds. */
export function leastTime(logins: number, { together }: HashTime): number {
  return logins * together / coreCount();
}

/** Says what the least time comes from. */
export function hashText(logins: number, hash: HashTime): string {
  return `A password's hash takes ${figure(hash.alone, "ms")} alone, and ` +
    `${figure(hash.together, "ms")} while each of the ${coreCount()} processors makes one: ` +
    `${logins} of them need at least ${
      figure(leastTime(logins, hash) / 1000, "s")
    }, which “× hashes ` +
    "alone” compares with.";
}
