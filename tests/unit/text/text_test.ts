import assert from "node:assert/strict";
import fc from "fast-check";
import { logfmt } from "../../../src/text/logfmt.ts";
import { printable, quoted } from "../../../src/text/printable.ts";
import { shellWord } from "../../../src/text/shell_word.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { isUsername } from "../../../src/core/username.ts";
import { REASONS } from "../../../src/core/verdict.ts";
import { mustRun } from "../../lab/command.ts";
import { holds } from "../../lab/fuzz.ts";

Deno.test("logfmt quotes everything but plain words, and leaves out null and undefined", () => {
  assert.equal(
    logfmt({ user: "a b", port: 1194, reason: null, at: undefined, cn: "" }),
    'user="a b" port=1194 cn=""',
  );
});

Deno.test("logfmt lets no value forge a field or a line", () => {
  assert.equal(
    logfmt({ user: 'x" outcome=accepted y="', end: 1 }),
    'user="x\\" outcome=accepted y=\\"" end=1',
  );
  assert.equal(
    logfmt({ user: "a\nb\r\0\u2028\u202e\x1b[2J" }),
    'user="a\\u{a}b\\u{d}\\u{0}\\u{2028}\\u{202e}\\u{1b}[2J"',
  );
  assert.equal(logfmt({ user: "x\\" }), 'user="x\\\\"');
});

Deno.test("logfmt can be read back, whatever the values", () => {
  holds(fc.property(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 200 }),
    (first, second) => {
      const line = logfmt({ first, second });
      assert.doesNotMatch(line, /\p{Cc}/u);
      const value = String.raw`(?:[\w.:/@+-]+|"(?:[^"\\]|\\.)*")`;
      assert.match(
        line,
        new RegExp(`^first=${value} second=${value}$`, "u"),
      );
    },
  ));
});

Deno.test("quoted cuts what is too long, and says how long it was", () => {
  const text = quoted("\\".repeat(1_000_000));
  assert.equal(text, `"${"\\\\".repeat(256)}… (1000000 characters)"`);
  assert.equal(quoted("a".repeat(256)), `"${"a".repeat(256)}"`);
});

Deno.test("printable keeps letters of all scripts and escapes what affects a terminal", () => {
  assert.equal(printable('Zoë 山 \\ "'), 'Zoë 山 \\ "');
  assert.equal(printable("\x1b]0;x\x07\u200f"), "\\u{1b}]0;x\\u{7}\\u{200f}");
});

Deno.test("Redacted never shows its value", () => {
  const secret = new Redacted("hunter2");
  assert.equal(secret.reveal(), "hunter2");
  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    Deno.inspect({ secret }),
    String(new Error("x", { cause: secret }).cause),
    Object.values(secret).join(),
  ];
  for (const text of shown) assert.equal(text.includes("hunter2"), false);
});

Deno.test("isUsername accepts what directories allow, and nothing that ends a string or a line", () => {
  for (
    const name of [
      "alice",
      "a b",
      "o'hara",
      'say "hi"',
      "DOM\\bob",
      "$(id)",
      "../../etc",
      "zoë@example.org",
      "é".repeat(128),
    ]
  ) {
    assert.equal(isUsername(name), true, name);
  }
  for (
    const name of ["", "a\0b", "a\nb", "a\tb", "\x7f", "\x85", "é".repeat(129)]
  ) {
    assert.equal(isUsername(name), false, JSON.stringify(name));
  }
});

Deno.test("what clients are told fits in one line that no client takes for a command", () => {
  for (const text of Object.values(REASONS)) {
    if (text === null) continue;
    assert.match(text, /^[ -~]{1,234}$/);
    assert.doesNotMatch(text, /^(TEMP|CRV1|SESSION)/);
  }
});

Deno.test("shellWord gives a shell the word itself", async () => {
  const plain = "/etc/openvpn/server/office-2.conf";
  assert.equal(shellWord(plain), plain);
  const words = ["a;touch x$(id)`id`", "it's", "''", "", "~", "a b\n", "*?[x]{a,b}", '"\\', "#x"];
  const shown = await mustRun("sh", ["-c", `printf '%s\\0' ${words.map(shellWord).join(" ")}`]);
  assert.deepEqual(shown.split("\0").slice(0, -1), words);
});
