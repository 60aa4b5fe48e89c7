import assert from "node:assert/strict";
import { counted } from "../../../src/text/counted.ts";

Deno.test("counted uses the singular only for one", () => {
  assert.equal(counted(0, "user"), "0 users");
  assert.equal(counted(1, "user"), "1 user");
  assert.equal(counted(2, "user"), "2 users");
  assert.equal(counted(1, "entry is", "entries are"), "1 entry is");
  assert.equal(counted(21, "entry is", "entries are"), "21 entries are");
});
