/**
 * `deno task bench` measures hook calls beside a plain Python script's (bench/hook_calls.ts), then
 * SQLite's journal modes (bench/journal.ts). `deno task bench journal` measures only these, and
 * `deno task bench service` measures the service beside its peers (bench/service.ts).
 *
 * @module
 */
import { benchHookCalls } from "../bench/hook_calls.ts";
import { benchJournal } from "../bench/journal.ts";
import { benchService } from "../bench/service.ts";
import { TestRun } from "./test_run.ts";

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function bench([part, ...args]: readonly string[]): Promise<void> {
  switch (part) {
    case "service":
      return await benchService(args, print);
    case "journal":
      return await benchJournal(print);
    default:
      await benchHookCalls(print);
      print("");
      return await benchJournal(print);
  }
}

await TestRun.main(async (run) => {
  if (Deno.args[0] !== "journal" && !await run.deno(["task", "--quiet", "build"])) return 1;
  try {
    await bench(Deno.args);
    return 0;
  } catch (error) {
    print(`The bench failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
});
