import assert from "node:assert/strict";
import fc from "fast-check";
import {
  serverOf,
  withoutOurRules,
  withRules,
} from "../../../../src/server_setup/apparmor/local_text.ts";
import { decodeLatin1 } from "../../../../src/text/latin1.ts";
import { holds } from "../../../lab/fuzz.ts";

const CONFIG = "/etc/openvpn/server/server.conf";
const RULES = ["/usr/local/bin/openvpn-totp PUx,", "owner /tmp/openvpn_*.tmp rw,"];
const BLOCK = `# openvpn-totp: begin (setup writes these lines, for ${CONFIG})
/usr/local/bin/openvpn-totp PUx,
owner /tmp/openvpn_*.tmp rw,
# openvpn-totp: end
`;

Deno.test("a server's rules are added at the end, replaced in their place, and taken out", () => {
  const rows: [before: string, after: string, without: string][] = [
    ["", BLOCK, ""],
    ["# mine\n/x r,\n", `# mine\n/x r,\n${BLOCK}`, "# mine\n/x r,\n"],
    ["/x r,", `/x r,\n${BLOCK}`, "/x r,\n"],
    ["/x r,\r\n/y r,", `/x r,\r\n/y r,\r\n${BLOCK.replaceAll("\n", "\r\n")}`, "/x r,\r\n/y r,\r\n"],
    [`/x r,\n${BLOCK.replace("PUx", "ix")}/y r,`, `/x r,\n${BLOCK}/y r,`, "/x r,\n/y r,"],
  ];
  for (const [before, after, without] of rows) {
    assert.equal(withRules(before, CONFIG, RULES), after);
    assert.equal(withRules(after, CONFIG, RULES), after);
    assert.equal(withRules(after, CONFIG, []), without);
  }
});

Deno.test("a rule of setup's tells the server that it is for", () => {
  const text = `/x r,\n${BLOCK}/y r,\n${BLOCK.replace(CONFIG, "/a (b).conf")}`;
  const servers = text.split("\n").map((_, i) => serverOf(text, i + 1));
  const expected = [null, CONFIG, CONFIG, CONFIG, null, null, ...Array(3).fill("/a (b).conf")];
  assert.deepEqual(servers, [...expected, null, null]);
});

Deno.test("each server has rules of its own, and whatever else is there stays", () => {
  const line = fc.string({ unit: fc.constantFrom(..."ab#/ ,\t\r\xff") });
  holds(
    fc.property(fc.array(line), fc.boolean(), (lines, isEnded) => {
      const text = lines.map((one) => `${one}\n`).join("") + (isEnded ? "" : "/last r,");
      const one = withRules(text, "/one.conf", RULES);
      const both = withRules(one, "/two.conf", ["/two PUx,"]);
      assert.equal(withRules(both, "/two.conf", []), one);
      const ended = isEnded ? text : `${text}${lines[0]?.endsWith("\r") ? "\r\n" : "\n"}`;
      assert.equal(withRules(one, "/one.conf", []), ended);
      assert.equal(withRules(withRules(both, "/one.conf", []), "/two.conf", []), ended);
      assert(!/PUx|openvpn_/.test(withoutOurRules(both)));
      assert.equal(withoutOurRules(text), text);
    }),
  );
});

Deno.test("rules whose end is missing are left alone, whichever server's they are", () => {
  const open = BLOCK.replace("# openvpn-totp: end\n", "");
  for (const text of [open, `${open}/x r,\n${BLOCK.replace(CONFIG, "/other.conf")}`]) {
    for (const config of [CONFIG, "/other.conf", "/third.conf"]) {
      for (const rules of [RULES, []]) {
        assert.throws(() => withRules(text, config, rules), /line 1: .* is missing .* by hand$/);
      }
    }
  }
});

Deno.test("a configuration's name stands in the comment as its bytes", () => {
  const bytes = (text: string) => decodeLatin1(new TextEncoder().encode(text));
  const text = withRules("", "/Ä\u200b.conf", RULES);
  assert(text.includes(`for ${bytes("/Ä\\u{200b}.conf")})\n`), text);
  assert.equal(withRules(text, "/Ä\u200b.conf", []), "");
});
