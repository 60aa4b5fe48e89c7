import { DatabaseSync } from "node:sqlite";
import project from "../../deno.json" with { type: "json" };
import { PROGRAM } from "../text/program_name.ts";
import { BUILD_RECORD, type BuildRecord, originText } from "./build_record.ts";
import type { Screen } from "./terminal/screen.ts";
import { pairs } from "./terminal/text.ts";

/** Where `deno task build` puts its record: beside the bundle's modules. */
const RECORD = new URL(`./${BUILD_RECORD}`, import.meta.url);

/** What `--version --verbose` prints: the versions of all that is in the program, and its base. */
export function buildText(screen: Screen): string {
  return `${PROGRAM} ${project.version}\n` + pairs([
    ["Deno", Deno.version.deno],
    ["V8", Deno.version.v8],
    ["SQLite", sqliteVersion()],
    ["target", Deno.build.target],
    ...baseRows(),
  ], screen);
}

/** The version of the SQLite that is part of the runtime. */
export function sqliteVersion(): string {
  using connection = new DatabaseSync(":memory:");
  return String(connection.prepare("SELECT sqlite_version() AS version").get()?.version);
}

/** A program that runs from its sources has no base. */
function baseRows(): [string, string][] {
  let text: string;
  try {
    text = Deno.readTextFileSync(RECORD);
  } catch {
    return [["base", "none: this is not a built program"]];
  }
  const { base }: BuildRecord = JSON.parse(text);
  return [["base", `denort ${base.deno}, ${originText(base)}`], ["SHA-256", base.sha256]];
}
