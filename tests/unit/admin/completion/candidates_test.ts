import assert from "node:assert/strict";
import {
  type AnyCommand,
  Argument,
  Command,
  Option,
} from "../../../../src/admin/command_line/commander.ts";
import { complete } from "../../../../src/admin/completion/candidates.ts";

/** A program with everything that a command can have. */
function makeProgram(): AnyCommand {
  const program = new Command("prog").option("--db <path>", "the database")
    .version("1", "-V, --version").option("--verbose").helpCommand(false);
  program.command("show").description("show a user").argument("<user>")
    .option("--json", "print JSON").option("--user <user>", "another");
  program.command("copy").argument("<from-file>").argument("<file>")
    .addOption(new Option("-k, --kind <kind>").choices(["one", "two"]))
    .option("--tag <tag...>", "tags");
  program.command("help").argument("[command]");
  program.command("many").addArgument(
    new Argument("[colour...]").choices(["red", "blue"]),
  );
  const group = program.command("key").description("keys")
    .helpCommand(false);
  group.command("add").argument("<directory>");
  group.command("list").alias("ls");
  program.command("secret", { hidden: true });
  return program;
}

/** The candidates after a line, whose last word may be empty. */
function next(line: string): string {
  const words = line.split(" ");
  const { completion } = complete(
    makeProgram(),
    words.slice(0, -1),
    words.at(-1)!,
  );
  switch (completion.kind) {
    case "words":
      return completion.candidates.map(({ value }) => value).join(" ");
    case "users":
      return `<users ${completion.before}${completion.mayBeginWithDash ? "any" : ""}>`;
    case "files":
      return "<files>";
  }
}

Deno.test("complete suggests what can come next", () => {
  const cases: [line: string, expected: string][] = [
    ["", "show copy help many key"],
    ["sh", "show copy help many key"],
    ["-", "--db --version --verbose --help"],
    ["--db ", "<files>"],
    ["--db=/et", "<files>"],
    ["--db x ", "show copy help many key"],
    ["show ", "<users >"],
    ["show --json ", "<users >"],
    ["show -", "--json --user --help --db"],
    ["show --json -", "--user --help --db"],
    ["show --user ", "<users >"],
    ["show --user=", "<users --user=any>"],
    ["show -- ", "<users any>"],
    ["show -- -", "<users any>"],
    ["show alice ", "--json --user --help --db"],
    ["show alice -- ", ""],
    ["copy ", ""],
    ["copy x ", "<files>"],
    ["copy -k ", "one two"],
    ["copy --kind=o", "--kind=one --kind=two"],
    ["copy --kind one x ", "<files>"],
    ["copy --tag x -", "--kind --tag --help --db"],
    ["copy --unknown=", ""],
    ["help ", "show copy help many key"],
    ["many ", "red blue"],
    ["many red blue ", "red blue"],
    ["key ", "add list"],
    ["key add ", "<files>"],
    ["key ls ", "--help --db"],
    ["unknown ", "--db --version --verbose --help"],
  ];
  for (const [line, expected] of cases) {
    assert.equal(next(line), expected, line);
  }
});

Deno.test("complete reads the program's own options in any position", () => {
  for (const line of ["--db /x show", "show --db /x", "show --db=/x a"]) {
    const { values } = complete(makeProgram(), line.split(" "), "");
    assert.equal(values.get("db"), "/x", line);
  }
  const { values } = complete(makeProgram(), ["show", "--", "--db", "/x"], "");
  assert.equal(values.get("db"), undefined);
});
