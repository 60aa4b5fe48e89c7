import assert from "node:assert/strict";
import { Redacted } from "../../../src/core/redacted.ts";
import { answersTo } from "../../../src/pam/conversation.ts";
import { choosePamService } from "../../../src/pam/service.ts";

const utf8 = new TextEncoder();
const ALICE = { username: "alice", password: new Redacted(utf8.encode("pw")) };

Deno.test("answersTo gives password, username or nothing by the style", () => {
  assert.deepEqual(answersTo([1, 2, 3, 4, 1], ALICE), [
    utf8.encode("pw"),
    utf8.encode("alice"),
    null,
    null,
    utf8.encode("pw"),
  ]);
});

Deno.test("answersTo answers nothing at all when a message isn't understood", () => {
  for (const style of [0, 5, 6, 7, -1]) {
    assert.equal(answersTo([1, style], ALICE), null);
  }
});

Deno.test("choosePamService takes no service that PAM would replace by `other`", () => {
  assert.equal(choosePamService("passwd"), "passwd");
  assert.throws(
    () => choosePamService("ovtotp-t-none"),
    /^Failure: the PAM service "ovtotp-t-none" has no file in/,
  );
});
