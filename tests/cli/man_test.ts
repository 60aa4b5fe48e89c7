import assert from "node:assert/strict";
import { REASONS } from "../../src/core/verdict.ts";
import { SETTINGS } from "../../src/settings.ts";
import { mustRun, run } from "../lab/command.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

const ENV = {
  LC_ALL: "C.UTF-8",
  MANWIDTH: "80",
  MANROFFOPT: "",
  MAN_KEEP_FORMATTING: "",
};

/** The page in a file, and what man shows of it, in one line. */
async function render(path: string): Promise<{ file: string; text: string }> {
  const file = `${path}/openvpn-totp.8`;
  await Deno.writeTextFile(file, await mustRun(PROGRAM, ["man"]));
  const { status, stdout, stderr } = await run(
    "man",
    ["--warnings", "--local-file", file],
    { env: ENV },
  );
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  const text = stdout.replace(/\s+/g, " ");
  return { file, text };
}

/** Words of the help, such as commands and options. */
async function helpOf(...args: string[]): Promise<string[]> {
  const help = await mustRun(PROGRAM, [...args, "--help"]);
  return help.split("\n").flatMap((line) => line.match(/^ {2}(\S.*?) {2,}/)?.[1] ?? [])
    .map((term) => term.replace(/[<>]/g, ""));
}

testWith(["man"], "man has each command, option, setting and reason for a refusal", async () => {
  await using directory = await makeTestDirectory();
  const { text } = await render(directory.path);
  const terms = await helpOf();
  const commands = terms.filter((term) => !term.startsWith("-"));
  assert(commands.length > 10);
  assert(!text.includes("complete "));
  for (const command of commands) {
    assert(text.includes(` ${command} `), command);
    terms.push(...await helpOf(command.split(" ")[0]!));
  }
  for (const term of terms) assert(text.includes(term), term);
  for (const { name, allowed } of Object.values(SETTINGS)) {
    assert(text.includes(` ${name} `), name);
    assert(text.includes(allowed.replaceAll("`", "")), allowed);
  }
  for (const reason of Object.keys(REASONS)) assert(text.includes(` ${reason} `), reason);
  const sections = ["NAME", "SYNOPSIS", "EXIT STATUS", "FILES", "ENVIRONMENT"];
  for (const section of [...sections, "EXAMPLES", "SECURITY", "SEE ALSO"]) {
    assert(text.includes(` ${section} `), section);
  }
});

testWith(
  ["groff", "mandoc"],
  "groff and mandoc find no fault in the page",
  async () => {
    await using directory = await makeTestDirectory();
    const file = `${directory.path}/openvpn-totp.8`;
    await Deno.writeTextFile(file, await mustRun(PROGRAM, ["man"]));
    for (
      const [command, ...args] of [
        ["groff", "-man", "-ww", "-z", file],
        ["mandoc", "-Tlint", file],
      ] as const
    ) {
      const { status, stdout, stderr } = await run(command, args);
      assert.equal(stdout + stderr, "");
      assert.equal(status, 0);
    }
  },
);
