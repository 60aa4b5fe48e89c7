import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clientAuth,
  clientDeny,
  clientPendingAuth,
} from "../../../../src/openvpn/management/command.ts";
import { ManagementReply } from "../../../../src/openvpn/management/management_reply.ts";
import { parseCommand } from "../../../lab/parse_command.ts";

const KEY = { cid: "17", kid: "3" };

Deno.test("a command has the parameters that OpenVPN reads out of it, whatever their text", () => {
  const text = fc.string({
    unit: fc.constantFrom(..."ab \"'\\;#$(){}é\u2028😀".split("")),
    maxLength: 60,
  })
    .map((given) => given.toWellFormed());
  fc.assert(fc.property(text, text, (reason, told) => {
    assert.deepEqual(parseCommand(clientDeny(KEY, reason, told)), [
      "client-deny",
      "17",
      "3",
      reason,
      told,
    ]);
    assert.deepEqual(parseCommand(clientPendingAuth(KEY, reason, 300)), [
      "client-pending-auth",
      "17",
      "3",
      reason,
      "300",
    ]);
  }));
});

Deno.test("a command stays one line, whatever its text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (told) => {
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(clientDeny(KEY, told, told), /[\x00-\x1f\x7f]/);
  }));
});

Deno.test("a refusal without words for the client has no parameter for them", () => {
  assert.equal(clientDeny(KEY, "refused", null), 'client-deny 17 3 "refused"');
  assert.equal(clientAuth(KEY), "client-auth-nt 17 3");
});

Deno.test("ManagementReply's challenges fit into what OpenVPN reads, with any text and username", () => {
  const shown = fc.record({
    challengeText: fc.string({ unit: "grapheme", minLength: 1, maxLength: 234 })
      .filter((text) => new TextEncoder().encode(text).length <= 234),
    challengeTimeoutSeconds: fc.constant(86_400),
    loginName: fc.string({ unit: "grapheme", minLength: 1, maxLength: 159 })
      .filter((name) => new TextEncoder().encode(name).length <= 159),
  });
  fc.assert(fc.property(shown, (shown) => {
    const reply = new ManagementReply({ cid: "18446744073709551615", kid: "4294967295" }, shown);
    const stateId = "s".repeat(32);
    const [, , , extra] = parseCommand(reply.challenge("crtext", null));
    assert.equal(extra, `CR_TEXT:R,E:${shown.challengeText}`);
    const command = reply.challenge("dynamic", stateId);
    assert(new TextEncoder().encode(command).length <= 1023);
    const [, , , , told] = parseCommand(command);
    const [, flags, state, username, ...text] = told!.split(":");
    assert.deepEqual([flags, state], ["R,E", stateId]);
    const name = new TextDecoder().decode(Uint8Array.fromBase64(username!));
    assert.equal(name, shown.loginName);
    assert(shown.challengeText.startsWith(text.join(":")), "the text is the beginning of the text");
  }));
});

Deno.test("ManagementReply refuses a dynamic challenge for a name that leaves no room for it", () => {
  const shown = { challengeText: "Code", challengeTimeoutSeconds: 300, loginName: "n".repeat(160) };
  const reply = new ManagementReply(KEY, shown);
  assert.throws(() => reply.challenge("dynamic", "s".repeat(32)), /username is too long/);
});
