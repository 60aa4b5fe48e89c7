import assert from "node:assert/strict";
import { choosePamService } from "../../../src/pam/choose_pam_service.ts";

Deno.test("choosePamService takes no service that PAM would replace by `other`", () => {
  assert.equal(choosePamService("passwd"), "passwd");
  assert.throws(
    () => choosePamService("ovtotp-t-none"),
    /^Failure: the PAM service "ovtotp-t-none" has no file in/,
  );
});
