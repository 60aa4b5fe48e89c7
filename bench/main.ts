/**
 * The measurements of `deno task bench`, which prints what they found and ends them, too.
 *
 * @module
 */
import { benchFleet } from "./fleet.ts";
import { benchHookCalls } from "./hook_calls.ts";
import { benchJournal } from "./journal.ts";
import { benchService } from "./service.ts";

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function bench([part, ...args]: readonly string[]): Promise<void> {
  switch (part) {
    case "service":
      return await benchService(args, print);
    case "fleet":
      return await benchFleet(args, print);
    case "journal":
      return await benchJournal(print);
    default:
      await benchHookCalls(print);
      print("");
      return await benchJournal(print);
  }
}

try {
  await bench(Deno.args);
} catch (error) {
  print(`The bench failed: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
