import assert from "node:assert/strict";
import {
  COMMON_NAME_RULES,
  type CommonNameRule,
  objectionToCommonName,
} from "../../../src/core/common_name.ts";

/** A login name and a common name, and the rules that the two agree by. */
const CASES: [loginName: string, commonName: string | null, agrees: CommonNameRule[]][] = [
  ["alice", "alice", ["any", "same", "same-ignoring-case"]],
  ["Alice", "alice", ["any", "same-ignoring-case"]],
  ["alice", "ALICE", ["any", "same-ignoring-case"]],
  ["JÜRGEN", "jürgen", ["any", "same-ignoring-case"]],
  ["alice", "bob", ["any"]],
  ["alice", "alice ", ["any"]],
  ["alice", "alic", ["any"]],
  ["alice", "alicé", ["any"]],
  ["strasse", "straße", ["any"]],
  ["alice", "", ["any"]],
  ["", null, ["any"]],
  ["alice", null, ["any"]],
  ["null", null, ["any"]],
];

Deno.test("objectionToCommonName lets a user in only with the certificate of that name", () => {
  for (const [loginName, commonName, agrees] of CASES) {
    for (const rule of COMMON_NAME_RULES) {
      const objection = objectionToCommonName({ loginName, commonName }, rule);
      const where = `${loginName} ${commonName} ${rule}`;
      if (agrees.includes(rule)) assert.equal(objection, null, where);
      else {
        assert.equal(objection?.reason, "common_name_mismatch", where);
        assert(objection.detail!.endsWith(`, but totpCommonName ${rule} requires it`), where);
        assert.equal(objection.told, undefined);
      }
    }
  }
});
