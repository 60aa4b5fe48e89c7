import { fileURLToPath } from "node:url";
import { mustRun } from "../tests/lab/command.ts";
import { median } from "./numbers.ts";
import type { Person } from "./people.ts";

const SCRIPT = fileURLToPath(new URL("hash.py", import.meta.url));

/** How long the hash of a password takes alone, in milliseconds (median of 21). */
export async function hashTime({ username }: Person): Promise<number> {
  const lines = await mustRun("/usr/bin/python3", [SCRIPT, username]);
  return median(lines.trim().split("\n").map(Number));
}
