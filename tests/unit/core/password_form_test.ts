import assert from "node:assert/strict";
import { splitAppended, takePasswordAndCode } from "../../../src/core/password_form.ts";
import { readPasswordForm } from "../../../src/openvpn/password_form.ts";
import { Redacted } from "../../../src/text/redacted.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (text: string) => utf8(text).toBase64();
const textOf = (bytes: Redacted<Uint8Array>) => new TextDecoder().decode(bytes.reveal());

Deno.test("splitAppended splits the code's digits off, and leaves a password", () => {
  const split = (
    text: string,
    position: "suffix" | "prefix" = "suffix",
    digits = 6,
  ) => {
    const found = splitAppended(new Redacted(utf8(text)), position, digits);
    return found && [textOf(found.password), found.code.reveal().text];
  };
  assert.deepEqual(split("pass123456"), ["pass", "123456"]);
  assert.deepEqual(split("1234567000042"), ["1234567", "000042"]);
  assert.deepEqual(split("123456pass", "prefix"), ["pass", "123456"]);
  for (
    const text of ["", "123456", "pass12345", "pass12345x", "pass１２３４５６"]
  ) {
    assert.equal(split(text), null, text);
  }
  assert.equal(split("pass123456", "prefix"), null);
  assert.deepEqual(split("pass12345678", "suffix", 8), ["pass", "12345678"]);
  assert.equal(split("pass1234567", "suffix", 8), null);
  assert.equal(split("12345678", "suffix", 8), null);
});

Deno.test("splitAppended takes off one separator, and no more", () => {
  const split = (text: string, position: "suffix" | "prefix" = "suffix") => {
    const found = splitAppended(new Redacted(utf8(text)), position, 6);
    return found && [textOf(found.password), found.code.reveal().text, found.isSeparated];
  };
  const suffixes: [text: string, password: string, isSeparated: boolean][] = [
    ["pass 123456", "pass", true],
    ["pass,123456", "pass", true],
    ["pass,,123456", "pass,", true],
    ["pass, 123456", "pass,", true],
    ["pass;123456", "pass;", false],
    [" pass123456", " pass", false],
    // Nothing but a separator is a password.
    [",123456", ",", false],
    ["  123456", " ", true],
  ];
  for (const [text, ...expected] of suffixes) {
    const [password, isSeparated] = expected;
    assert.deepEqual(split(text), [password, "123456", isSeparated], text);
    const mirrored = `123456${[...text.slice(0, -6)].reverse().join("")}`;
    const reversed = [...password].reverse().join("");
    assert.deepEqual(split(mirrored, "prefix"), [reversed, "123456", isSeparated], mirrored);
  }
});

Deno.test("takePasswordAndCode chooses the first method that client and server support", () => {
  const read = () => undefined;
  const found = (
    sent: string,
    knowsCrtext: boolean,
    ...challengeMethods: ("crtext" | "static" | "dynamic" | "append")[]
  ) => {
    const form = readPasswordForm(read, new Redacted(utf8(sent)));
    assert(form.form === "plain" || form.form === "static");
    const settings = { challengeMethods, appendPosition: "suffix" } as const;
    const { password, method, code } = takePasswordAndCode(form, knowsCrtext, settings, 6);
    return [method, textOf(password), code?.reveal().text ?? null];
  };
  const all = ["crtext", "static", "dynamic"] as const;
  const SCRV1 = `SCRV1:${base64("pass")}:${base64("123456")}`;
  const empty = `SCRV1:${base64("pass")}:`;
  assert.deepEqual(found("pass", true, ...all), ["crtext", "pass", null]);
  assert.deepEqual(found("pass", false, ...all), ["dynamic", "pass", null]);
  // A user who has typed a code is not asked again.
  assert.deepEqual(found(SCRV1, true, ...all), ["static", "pass", "123456"]);
  assert.deepEqual(found(empty, true, ...all), ["crtext", "pass", null]);
  assert.deepEqual(found(empty, false, ...all), ["dynamic", "pass", null]);
  assert.deepEqual(found(SCRV1, true, "crtext"), ["crtext", "pass", null]);
  assert.deepEqual(found("pass", false, "crtext"), [null, "pass", null]);
  assert.deepEqual(found("pass", true, "static"), [null, "pass", null]);
  const appended = (crtext: boolean, ...rest: ("crtext" | "dynamic")[]) =>
    found("pass123456", crtext, ...rest, "append");
  assert.deepEqual(appended(true), ["append", "pass", "123456"]);
  assert.deepEqual(appended(true, "crtext"), ["crtext", "pass123456", null]);
  assert.deepEqual(appended(false, "crtext"), ["append", "pass", "123456"]);
  assert.deepEqual(found("pass", false, "append", "dynamic"), [
    "dynamic",
    "pass",
    null,
  ]);
});
