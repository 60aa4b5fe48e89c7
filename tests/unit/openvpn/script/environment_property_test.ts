import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../../src/core/failure.ts";
import { readClient } from "../../../../src/openvpn/client_variables.ts";
import { readScriptAttempt } from "../../../../src/openvpn/script/environment.ts";
import { anyText, holds, textWith } from "../../../lab/fuzz.ts";

/** OpenVPN's rule, as in its C code: strtok(3) by commas, strcmp(3) with the method. */
function hasToken(list: string, method: string): boolean {
  let i = 0;
  while (i < list.length) {
    while (list[i] === ",") i++;
    const start = i;
    while (i < list.length && list[i] !== ",") i++;
    if (list.substring(start, i) === method) return true;
  }
  return false;
}

Deno.test("readClient agrees with OpenVPN's own search for crtext", () => {
  const sso = textWith("crtext", "crtext", ",", ",", ",", "webauth", " ", ":");
  holds(
    fc.property(sso, (sso) => {
      const read = (name: string) => name === "IV_SSO" ? sso : "crtext";
      assert.equal(readClient(read).knowsCrtext, hasToken(sso, "crtext"));
    }),
    500,
  );
});

Deno.test("readScriptAttempt reads what is set, treats empty as absent, and requires an id", () => {
  const value = fc.oneof(anyText, fc.constantFrom(undefined, ""));
  const names = {
    auth_control_file: value,
    common_name: value,
    untrusted_ip: value,
    untrusted_ip6: value,
  };
  holds(fc.property(fc.record(names), anyText, (variables, loginName) => {
    const set = new Map(
      Object.entries(variables).filter(([, value]) => value !== ""),
    );
    const read = (name: string) => variables[name as keyof typeof variables];
    const id = set.get("auth_control_file");
    if (id === undefined) {
      assert.throws(() => readScriptAttempt(read, loginName), (error) => {
        assert(error instanceof Failure && error.code === "bad_call");
        return error.message.includes("auth_control_file");
      });
      return;
    }
    const addresses = [set.get("untrusted_ip"), set.get("untrusted_ip6"), null];
    assert.deepEqual(readScriptAttempt(read, loginName), {
      id,
      loginName,
      commonName: set.get("common_name") ?? null,
      address: addresses.find((address) => address !== undefined),
    });
  }));
});
