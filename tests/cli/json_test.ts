import assert from "node:assert/strict";
import { documentedFields } from "../lab/documented_fields.ts";
import { admin, codeOf, enroll, makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

testWith([], "--json prints the fields that the README names", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  const secret = await enroll(db, "root");
  const commands: [args: string[], stdin?: string][] = [
    [["enroll", "daemon"]],
    [["enroll", "--from", "-"], "bin\n"],
    [["show", "root"]],
    [["verify", "root", "--code-from", "-"], codeOf(secret)],
    [["unlock", "root"]],
    [["recovery", "root"]],
    [["disable", "root"]],
    [["enable", "root"]],
    [["exempt", "root"]],
    [["backup", `${path}/copy`]],
    [["delete", "bin"]],
    [["restore", `${path}/copy`, "--yes"]],
    [["rekey"]],
    [
      ["import", "--yes", "--format", "uris", "-"],
      `otpauth://totp/games?secret=${secret}`,
    ],
  ];
  for (const [[command, ...args], stdin] of commands) {
    const options = stdin === undefined ? {} : { stdin };
    const output = await admin(db, [command!, "--json", ...args], options);
    assert.equal(output.status, 0, output.stderr);
    const [printed] = [JSON.parse(output.stdout)].flat();
    assert.deepEqual(Object.keys(printed), await documentedFields(command!));
  }
});
