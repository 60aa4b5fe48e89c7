import assert from "node:assert/strict";
import type { JsonCommand } from "../../src/admin/json_fields/json_fields.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import { admin, codeOf, enroll, makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

/** A command's arguments, what it reads, and whether it prints what an option adds. */
interface Call {
  args: string[];
  stdin?: string;
  hasOption?: boolean;
}

/** Commands that print JSON, in an order in which each of them has something to print. */
function calls(secret: string, path: string): Call[] {
  return [
    { args: ["enroll", "daemon"] },
    { args: ["enroll", "--from", "-"], stdin: "bin\n" },
    { args: ["show", "root"] },
    { args: ["show", "root", "--secret"], hasOption: true },
    { args: ["verify", "root", "--code-from", "-"], stdin: codeOf(secret) },
    { args: ["unlock", "root"] },
    { args: ["recovery", "root"] },
    { args: ["disable", "root"] },
    { args: ["enable", "root"] },
    { args: ["exempt", "root"] },
    { args: ["exempt", "--end", "root"], hasOption: true },
    { args: ["backup", `${path}/copy`] },
    { args: ["delete", "bin"] },
    { args: ["restore", `${path}/copy`, "--yes"] },
    { args: ["rekey", "--add"], hasOption: true },
    { args: ["rekey"] },
    {
      args: ["import", "--yes", "--format", "uris", "-"],
      stdin: `otpauth://totp/games?secret=${secret}`,
    },
    { args: ["export", "--yes", "-"] },
  ];
}

testWith([], "--json prints the fields that docs/scripts.md names", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  const secret = await enroll(db, "root");
  for (const { args: [command, ...args], stdin, hasOption } of calls(secret, path)) {
    // An export is JSON already.
    const json = command === "export" ? [] : ["--json"];
    const options = stdin === undefined ? {} : { stdin };
    const output = await admin(db, [command!, ...json, ...args], options);
    assert.equal(output.status, 0, output.stderr);
    const [printed] = [JSON.parse(output.stdout)].flat();
    assertDocumented(command as JsonCommand, printed, hasOption);
  }
});
