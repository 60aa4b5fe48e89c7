import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../../src/core/failure.ts";
import {
  executionOf,
  fileRulesIn,
  maySave,
} from "../../../../src/server_setup/apparmor/file_rules.ts";
import {
  isExact,
  matchesPath,
  patternOf,
  ruleWord,
} from "../../../../src/server_setup/apparmor/path_pattern.ts";
import {
  allRulesIn,
  confines,
  fromOpenvpns,
  profileIn,
} from "../../../../src/server_setup/apparmor/profile_text.ts";
import { expansionsOf, variablesIn } from "../../../../src/server_setup/apparmor/variables.ts";
import { holds } from "../../../lab/fuzz.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const FILE = "/tmp/openvpn_acf_0123.tmp";

Deno.test("a path's pattern stands for that path alone, and comes back from its rule", () => {
  const path = fc.string({ unit: fc.constantFrom(...'ab/ "*?[]{}^\\@,#ü') })
    .map((text) => `/${text}x`);
  holds(
    fc.property(path, path, (one, other) => {
      const pattern = patternOf(one);
      assert(isExact(pattern));
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
    ["/run/x-?.sock", ["/run/x-1.sock"], ["/x/run/x-1.sock", "/run/x-.sock"]],
    ["/a\\x2Db\\055c\\d045d", ["/a-b-c-d"], ["/a-b-c", "/ax2Db055cd045d"]],
    ["/a[0-9]", ["/a1"], ["/a", "/ab"]],
    ["/a[{,}]{b,c*{/,}}d", ["/a{bd", "/a,cd", "/a}cxx/d"], ["/ad", "/a{d", "/a{b/d"]],
    ["/***x", ["/x", "/a/x"], ["/a/"]],
    ["/a}", [], ["/a}", "/a"]],
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
    [`  audit "${PROGRAM}" rpx -> other,`, "needs-profile"],
    [`${PROGRAM} rpux -> other,`, "leaves"],
    [`file Ux ${PROGRAM}, # by hand`, "leaves"],
    ["/usr/local/bin/* PUx,\r", "leaves"],
    [`${PROGRAM} ix,`, "stays"],
    [`${PROGRAM} Pix,`, "stays"],
    [`${PROGRAM} CUx,`, "stays"],
    [`/usr/local/bin/* ix,\n${PROGRAM} PUx,`, "leaves"],
    [`${PROGRAM} PUx,\n/usr/** PUx,\ndeny /usr/local/** x,`, "denied"],
    ["priority=1 allow /usr/local/bin/openvpn-* Px,", "needs-profile"],
    [`${PROGRAM} PUx,\npriority=1 ${PROGRAM} ix,`, "stays"],
    [`${PROGRAM}\n  # ix,\n  PUx,`, "leaves"],
    [`/x r,${PROGRAM} PUx,# mine`, "leaves"],
    [`"${PROGRAM}"PUx, /x r,`, "leaves"],
    [`/usr/local/bin/* ix,\n/usr/{,local/}bin/openvpn-{totp,x} PUx,`, "leaves"],
    [`${PROGRAM} RPUX,`, "leaves"],
    [`${PROGRAM} rPX,`, "needs-profile"],
    [`${PROGRAM} IX,`, "stays"],
    [`${PROGRAM} PUx,\ndeny other ${PROGRAM} X,`, "denied"],
    [`other ${PROGRAM} PUx,`, "denied"],
    [`other ${PROGRAM} PUx,\nowner ${PROGRAM} ix,`, "stays"],
    [`${PROGRAM} Px,\n/usr/{,local/}bin/openvpn-totp PUx,`, "conflict"],
    [`${PROGRAM} Px,\n${PROGRAM} Px -> other,`, "conflict"],
    [`/usr/local/bin/* Px,\n/usr/** Ux,`, "conflict"],
    [`profile ip {\n  ${PROGRAM} PUx,\n}`, "denied"],
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
    ["/tmp/** RWk,", true],
    ["/tmp/** rw,\ndeny /tmp/** W,", false],
    ["other /tmp/** rw,", false],
  ];
  for (const [rules, may] of rows) assert.equal(maySave(fileRulesIn(rules), FILE), may, rules);
});

/** The rules of a profile's text, where the files are what AppArmor's directory has. */
function rulesOf(text: string, files: Record<string, string>) {
  const texts = [{ file: "/etc/apparmor.d/openvpn", text, level: 1 as const }];
  return allRulesIn(texts, (file) => {
    const names = Object.keys(files).map((name) => `/etc/apparmor.d/${name}`);
    return names.filter((name) => name === file || name.startsWith(`${file}/`))
      .map((name) => ({ file: name, text: files[name.slice("/etc/apparmor.d/".length)]! }));
  });
}

Deno.test("rules are found in what a profile includes, which may include itself", () => {
  const { rules } = rulesOf(
    "profile openvpn {\n include if exists <local/openvpn>\ninclude <gone>\n" +
      '  include "/etc/apparmor.d/abs" include <all.d>\n}\n',
    {
      "local/openvpn": "include <abstractions/user-tmp>\n",
      "abstractions/user-tmp": "owner /tmp/** rw,\n#include <local/openvpn>\n",
      "abs": "/abs r,\n",
      "all.d/one": "/one r,\n",
      "all.d/two": "/two r,\n",
    },
  );
  assert.deepEqual(rules.map(({ pattern, file, line }) => `${file}:${line} ${pattern}`), [
    "/etc/apparmor.d/abstractions/user-tmp:1 /tmp/**",
    "/etc/apparmor.d/abs:1 /abs",
    "/etc/apparmor.d/all.d/one:1 /one",
    "/etc/apparmor.d/all.d/two:1 /two",
  ]);
});

Deno.test("sub-profiles' rules, and those of other profiles, are not OpenVPN's", () => {
  const { rules } = rulesOf(
    "profile openvpn {\n  /a r,\n  profile ip flags=(complain){\n    /b r,\n" +
      "    include <sub>\n  }\n  /c r, }\nprofile other {\n  /d r,\n}\n",
    { "sub": "/e r,\n" },
  );
  assert.deepEqual(rules.map(({ pattern }) => pattern), ["/a", "/c"]);
});

Deno.test("variables stand for all of their values, and two slashes for one", () => {
  const { rules } = rulesOf(
    'include <tunables/global>\n@{exe} = @{run}/a "@{run}/b c" # @{d}\n' +
      "profile openvpn @{exe} {\n  @{exe}/x r,\n  @{gone}/x r,\n  /y//z r,\n}\n",
    { "tunables/global": "@{run}=/run/\n@{run} += /var/run/\n@{loop}=@{loop}/x\n" },
  );
  assert.deepEqual(rules.map(({ pattern }) => pattern), [
    ...["/run/a/x", "/var/run/a/x", "/run/b c/x", "/var/run/b c/x"],
    ...["@{gone}/x", "/y/z"],
  ]);
});

Deno.test("rules that are more than any profile has are not judged, rather than a part", () => {
  const values = Array.from({ length: 200 }, (_, i) => `/b${i}`).join(" ");
  const includes = (count: number) =>
    Array.from({ length: count }, (_, i) => `include <abs/${i}>\n`).join("");
  const nested = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`abs/${i}`, `include <abs/${i + 1}>\n`]),
    );
  const rows: [start: string, rules: string, files?: Record<string, string>][] = [
    ["", "/x r,\n".repeat(20_001)],
    [`@{a}=${values}\n`, "@{a} r,\n".repeat(101)],
    [`@{a}=${values}\n`, "@{a}@{a}@{a} r,\n"],
    [`@{a}=/${"x".repeat(200_000)}\n`, "@{a}@{a}@{a} r,\n"],
    ["@{l}=@{l}@{l}\n", "/@{l} r,\n"],
    ["", includes(201)],
    ["", includes(1), nested(9)],
    [`#${"x".repeat(4_000_000)}\n`, ""],
  ];
  for (const [start, rules, files = {}] of rows) {
    assert.throws(
      () => rulesOf(`${start}profile x {\n${rules}}\n`, files),
      /has more [\w, ]+ than openvpn-totp reads, so its rules cannot be judged: shorten it$/,
      start.slice(0, 100) + rules.slice(0, 100),
    );
  }
  assert.equal(rulesOf(`@{a}=${values}\nprofile x {\n@{a}/y r,\n}\n`, {}).rules.length, 200);
  rulesOf(`profile x {\n${includes(1)}}\n`, nested(7));
});

Deno.test("a pattern takes time in proportion to its length and the path's", () => {
  // The first took all time that there is, as a regular expression.
  const patterns = [
    `/${"*".repeat(60)}z`,
    `/${"*l".repeat(60)}z`,
    `/${"**/*".repeat(60)}z`,
    `/${"{*,**}".repeat(60)}z`,
    `/${"[".repeat(400_000)}`,
    `/${"{usr,a}".repeat(50_000)}`,
    "{/,".repeat(100_000),
  ];
  const start = performance.now();
  for (const pattern of patterns) assert(!matchesPath(pattern, PROGRAM));
  assert(performance.now() - start < PATIENCE_MS);
});

Deno.test("a text takes time in proportion to its length", () => {
  const texts = [
    "\n".repeat(400_000),
    "/a flags=(\n".repeat(120_000),
    '\\"'.repeat(800_000),
    `/${"x,".repeat(800_000)}`,
    `@{a}=${" ".repeat(1_600_000)}`,
    "@{a}+=/b\n".repeat(160_000),
    "include if exists \t".repeat(80_000),
  ];
  // At half the length, each took a minute and more where the time grew with its square.
  const start = performance.now();
  for (const text of texts) {
    profileIn(text);
    rulesOf(text, {});
  }
  assert(performance.now() - start < PATIENCE_MS);
});

Deno.test("of a file's profiles, OpenVPN's counts", () => {
  const first = "@{x}=/y\nprofile helper /usr/lib/helper {\n  /a r,\n}\n";
  for (const header of ["profile openvpn", "/usr/{,s}bin/openvpn", "profile o /usr/sbin/open*"]) {
    const text = fromOpenvpns(`${first}${header} {\n  @{x} r,\n}\nprofile last {\n /z r,\n}\n`);
    assert.equal(profileIn(text)!.name, header.split(" ")[1] ?? header);
    const { rules } = rulesOf(text, {});
    assert.deepEqual(rules.map(({ pattern, line }) => `${line} ${pattern}`), ["6 /y"]);
  }
  assert.equal(fromOpenvpns(first), first);
});

Deno.test("a profile's first line says its name and what it confines", () => {
  const openvpn = "/usr/sbin/openvpn";
  const rows: [line: string, name: string | null, confined: boolean | null][] = [
    ["profile openvpn /usr/sbin/openvpn {", "openvpn", true],
    ['profile "open vpn" "/usr/{bin,sbin}/openvpn" flags=(complain) { # x', "open vpn", true],
    ["/usr/sbin/openvpn flags=(attach_disconnected,mediate_deleted) {", openvpn, true],
    ["profile /usr/{,s}bin/openvpn {", "/usr/{,s}bin/openvpn", true],
    ["profile openvpn /usr/sbin/openvpn flags=(complain)\r\n{ # x", "openvpn", true],
    ["profile openvpn /opt/openvpn {", "openvpn", false],
    ["profile openvpn @{exe} {", "openvpn", true],
    ["profile openvpn @{bin}/openvpn {", "openvpn", null],
    ["profile openvpn {", "openvpn", null],
    ["profile openvpn flags=(unconfined) {", "openvpn", null],
    ["# profile openvpn /usr/sbin/openvpn {", null, false],
    ["include <x>", null, false],
  ];
  const variables = variablesIn(["@{exe}=@{sbin}/openvpn\n@{sbin}=/usr/{,s}bin\n"]);
  for (const [line, name, confined] of rows) {
    const profile = profileIn(`abi <abi/4.0>,\n@{x}=/a\n${line}\n  /a r,\n}\n`);
    assert.equal(profile?.name ?? null, name, line);
    if (profile === null) continue;
    const { attachment } = profile;
    const attachments = attachment === null ? [] : expansionsOf(attachment, variables);
    assert.equal(confines(attachments, openvpn), confined, line);
  }
});
