import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../../src/core/failure.ts";
import {
  executionOf,
  fileRulesIn,
  maySave,
} from "../../../../src/server_setup/apparmor/file_rules.ts";
import {
  matchesPath,
  onlyPathOf,
  patternOf,
  ruleWord,
} from "../../../../src/server_setup/apparmor/path_pattern.ts";
import {
  allRulesIn,
  confines,
  profileIn,
} from "../../../../src/server_setup/apparmor/profile_text.ts";
import { holds } from "../../../lab/fuzz.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const FILE = "/tmp/openvpn_acf_0123.tmp";

Deno.test("a path's pattern stands for that path alone, and comes back from its rule", () => {
  const path = fc.string({ unit: fc.constantFrom(...'ab/ "*?[]{}^\\@,#ü') })
    .map((text) => `/${text}x`);
  holds(
    fc.property(path, path, (one, other) => {
      const pattern = patternOf(one);
      assert.equal(onlyPathOf(pattern), one);
      assert(matchesPath(pattern, one));
      assert.equal(matchesPath(pattern, other), one === other);
      const [rule] = fileRulesIn(`owner ${ruleWord(pattern)} rw, # ${one}`);
      assert.equal(rule?.pattern, pattern);
    }),
  );
});

Deno.test("a path that no rule can name is refused", () => {
  for (const path of ["/a\nb", "relative", "/x\0", "/end\\", "/\u2028"]) {
    assert.throws(
      () => patternOf(path),
      (error) =>
        error instanceof Failure && error.code === "config_error" &&
        /\n/.test(error.message) === false,
    );
  }
});

Deno.test("patterns stand for the paths that apparmor.d(5) says", () => {
  const rows: [pattern: string, is: string[], isNot: string[]][] = [
    ["/usr/{,local/}bin/*", [PROGRAM, "/usr/bin/x"], ["/usr/bin/x/y", "/opt/bin/x"]],
    ["/tmp/**", [FILE, "/tmp/a/b"], ["/tmp", "/tmpx"]],
    ["@{run}/x-?.sock", ["/run/x-1.sock", "/var/run/x-a.sock"], [
      "/x/run/x-1.sock",
      "/run/x-.sock",
    ]],
    ["/a[0-9]", ["/a1"], ["/a", "/ab"]],
    ["/a\\*", ["/a*"], ["/ab"]],
    ["@{unknown}/x", [], ["/x", "/unknown/x"]],
    ["/a{", [], ["/a{", "/a"]],
  ];
  for (const [pattern, is, isNot] of rows) {
    for (const path of is) assert(matchesPath(pattern, path), `${pattern} ${path}`);
    for (const path of isNot) assert(!matchesPath(pattern, path), `${pattern} ${path}`);
  }
});

Deno.test("rules say whether a program leaves the profile", () => {
  const rows: [rules: string, execution: string][] = [
    ["", "denied"],
    [`${PROGRAM} r,`, "denied"],
    [`# ${PROGRAM} PUx,`, "denied"],
    [`${PROGRAM} PUx,`, "leaves"],
    [`  audit "${PROGRAM}" rpx -> other,`, "leaves"],
    [`file Ux ${PROGRAM}, # by hand`, "leaves"],
    ["/usr/local/bin/* PUx,\r", "leaves"],
    [`${PROGRAM} ix,`, "stays"],
    [`${PROGRAM} Pix,`, "stays"],
    [`${PROGRAM} CUx,`, "stays"],
    [`/usr/local/bin/* ix,\n${PROGRAM} PUx,`, "leaves"],
    [`${PROGRAM} PUx,\n/usr/** PUx,\ndeny /usr/local/** x,`, "denied"],
    ["priority=1 allow /usr/local/bin/openvpn-* Px,", "leaves"],
  ];
  for (const [rules, execution] of rows) {
    assert.equal(executionOf(fileRulesIn(rules), PROGRAM), execution, rules);
  }
});

Deno.test("rules say whether files may be made", () => {
  const rows: [rules: string, may: boolean][] = [
    ["", false],
    ["owner /tmp/openvpn_*.tmp rw,", true],
    ["/tmp/** r,\nowner /tmp/openvpn_* w,", true],
    ["/tmp/** r,", false],
    ["/tmp/** rwk,\ndeny /tmp/openvpn_* w,", false],
  ];
  for (const [rules, may] of rows) assert.equal(maySave(fileRulesIn(rules), FILE), may, rules);
});

Deno.test("rules are found in what a profile includes, which may include itself", () => {
  const files: Record<string, string> = {
    "local/openvpn": "include <abstractions/user-tmp>\n",
    "abstractions/user-tmp": "owner /tmp/** rw,\n#include <local/openvpn>\n",
    "abs": "/abs r,\n",
  };
  const text =
    'include if exists <local/openvpn>\ninclude <gone>\n  include "/etc/apparmor.d/abs"\n';
  const rules = allRulesIn(text, (name) => files[name] ?? null);
  assert.deepEqual(rules.map(({ pattern }) => pattern), ["/tmp/**", "/abs"]);
});

Deno.test("a profile's first line says its name and what it confines", () => {
  const openvpn = "/usr/sbin/openvpn";
  const rows: [line: string, name: string | null, confined: boolean][] = [
    ["profile openvpn /usr/sbin/openvpn {", "openvpn", true],
    ['profile "open vpn" "/usr/{bin,sbin}/openvpn" flags=(complain) { # x', "open vpn", true],
    ["/usr/sbin/openvpn flags=(attach_disconnected,mediate_deleted) {", openvpn, true],
    ["profile /usr/{,s}bin/openvpn {", "/usr/{,s}bin/openvpn", true],
    ["profile openvpn {", "openvpn", false],
    ["profile openvpn flags=(unconfined) {", "openvpn", false],
    ["# profile openvpn /usr/sbin/openvpn {", null, false],
    ["include <x>", null, false],
  ];
  for (const [line, name, confined] of rows) {
    const profile = profileIn(`abi <abi/4.0>,\n@{x}=/a\n${line}\n  /a r,\n}\n`);
    assert.equal(profile?.name ?? null, name, line);
    assert.equal(profile !== null && confines(profile, openvpn), confined, line);
  }
});
