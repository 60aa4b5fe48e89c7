/**
 * `deno task bench` measures hook calls beside a plain Python script's (bench/hook_calls.ts), then
 * SQLite's journal modes (bench/journal.ts). `deno task bench journal` measures only these.
 * `deno task bench service` measures the service beside its peers (bench/service.ts): all parts, or
 * those named (`gaps`, `rush`, `knocks`, `enrolled`), smaller with `--quick`; with `--write` it makes
 * docs/performance.md of what it found. `deno task bench fleet` measures logins on PostgreSQL
 * (bench/fleet.ts) in the same way: `growth`, `calls`, `rates`, `moves`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { TestRun } from "./test_run.ts";

const MAIN = fileURLToPath(new URL("../bench/main.ts", import.meta.url));

await TestRun.main(async (run) => {
  const isReady = Deno.args[0] === "journal" || await run.deno(["task", "--quiet", "build"]);
  const args = ["run", "--allow-all", "--no-check", MAIN, ...Deno.args];
  return isReady && await run.deno(args) ? 0 : 1;
});
