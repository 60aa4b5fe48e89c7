import assert from "node:assert/strict";
import fc from "fast-check";
import { Redacted } from "../../../src/text/redacted.ts";
import {
  readPasswordAndCode,
  readPasswordForm,
  splitAppended,
} from "../../../src/openvpn/password_form.ts";
import { anyText, holds } from "../../lab/fuzz.ts";
import { typedCode } from "../../lab/typed_code.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (text: string) => utf8(text).toBase64();
const textOf = (bytes: Redacted<Uint8Array>) => new TextDecoder().decode(bytes.reveal());

/** What a client sent in the password's place, with the code as text. */
function form(text: string, variables: Record<string, string> = {}) {
  const read = (name: string) => variables[name];
  const found = readPasswordForm(read, new Redacted(utf8(text)));
  const code = found.form === "plain" ? null : found.code?.reveal().text;
  return {
    form: found.form,
    ...found.form === "dynamic" ? { stateId: found.stateId } : { password: textOf(found.password) },
    ...found.form === "plain" ? {} : { code: code ?? null },
    ...found.form === "static" ? { isEmpty: found.isEmpty } : {},
  };
}

Deno.test("readPasswordForm takes a static challenge's parts apart", () => {
  const static1 = (password: string, code: string | null, isEmpty = false) => ({
    ...{ form: "static", password, code, isEmpty },
  });
  const cases: [string, ReturnType<typeof static1>][] = [
    [
      `SCRV1:${base64("pä:ss")}:${base64("000042")}`,
      static1("pä:ss", "000042"),
    ],
    // Without padding, as some clients send it.
    ["SCRV1:cGE:MTIzNDU2", static1("pa", "123456")],
    ["SCRV1:cGFzcw:MTIzNDU2", static1("pass", "123456")],
    ["SCRV1:cGFzcw==:MTIzNDU2\r", static1("pass", "123456")],
    [`SCRV1:cGFzcw==:${base64(" 123 456\r\n")}`, static1("pass", "123456")],
    ["SCRV1:cGFzcw==:", static1("pass", null, true)],
    [`SCRV1:cGFzcw==:${base64(" ")}`, static1("pass", null, true)],
    [`SCRV1:cGFzcw==:${base64("12345")}`, static1("pass", null)],
    ["SCRV1::MTIzNDU2", static1("", "123456")],
  ];
  for (const [sent, expected] of cases) {
    assert.deepEqual(form(sent), expected, sent);
  }
});

Deno.test("readPasswordForm takes a dynamic challenge's parts apart", () => {
  assert.deepEqual(form("CRV1::Abc_-1::000042"), {
    ...{ form: "dynamic", stateId: "Abc_-1", code: "000042" },
  });
  assert.deepEqual(form("CRV1::x::"), {
    ...{ form: "dynamic", stateId: "x", code: null },
  });
  assert.deepEqual(form("CRV1::x::12::3456"), {
    ...{ form: "dynamic", stateId: "x", code: null },
  });
});

Deno.test("readPasswordForm takes what is of neither form for a password", () => {
  for (
    const password of [
      "",
      "SCRV1",
      "SCRV1:",
      "SCRV1:cGFzcw==",
      "SCRV1:not base64!:MTIzNDU2",
      "SCRV1:cGFzcw==:MTIzNDU2:x",
      " SCRV1:cGFzcw==:MTIzNDU2",
      "scrv1:cGFzcw==:MTIzNDU2",
      "CRV1::",
      "CRV1::::123456",
      "CRV1:x::123456",
      "xCRV1::x::123456",
    ]
  ) {
    assert.deepEqual(form(password), { form: "plain", password }, password);
  }
});

Deno.test("readPasswordForm undoes what old versions of OpenVPN's GUI did to quotes", () => {
  const sent = `SCRV1:${base64(String.raw`a\"b\\c\d`)}:MTIzNDU2`;
  const password = (variables: Record<string, string>) => {
    const found = form(sent, variables);
    return "password" in found ? found.password : null;
  };
  const old = { IV_GUI_VER: "OpenVPN_GUI_11", IV_VER: "2.4.9" };
  assert.equal(password(old), String.raw`a"b\c\d`);
  for (
    const other of [
      {},
      { ...old, IV_VER: "2.4.10" },
      { ...old, IV_VER: "2.6.14" },
      { ...old, IV_VER: "3.2" },
      { IV_VER: "2.4.9" },
      { ...old, IV_GUI_VER: "net.tunnelblick" },
    ]
  ) {
    assert.equal(password(other), String.raw`a\"b\\c\d`);
  }
});

Deno.test("readPasswordForm reads any password and code out of a static challenge", () => {
  holds(fc.property(
    ...[anyText.map((text) => text.toWellFormed()), typedCode] as const,
    (password, { code, text }) => {
      const sent = `SCRV1:${base64(password)}:${base64(text)}`;
      assert.deepEqual(form(sent), {
        ...{ form: "static", password, code, isEmpty: false },
      });
    },
  ));
});

Deno.test("splitAppended takes the code's digits off, and leaves a password", () => {
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

Deno.test("readPasswordAndCode takes the first way that client and server know", () => {
  const read = () => undefined;
  const found = (
    sent: string,
    knowsCrtext: boolean,
    ...challengeMethods: ("crtext" | "static" | "dynamic" | "append")[]
  ) => {
    const form = readPasswordForm(read, new Redacted(utf8(sent)));
    assert(form.form !== "dynamic");
    const settings = { challengeMethods, appendPosition: "suffix" } as const;
    const { password, method, code } = readPasswordAndCode(
      ...[form, knowsCrtext, settings, 6] as const,
    );
    return [method, textOf(password), code?.reveal().text ?? null];
  };
  const all = ["crtext", "static", "dynamic"] as const;
  const SCRV1 = `SCRV1:${base64("pass")}:${base64("123456")}`;
  const empty = `SCRV1:${base64("pass")}:`;
  assert.deepEqual(found("pass", true, ...all), ["crtext", "pass", null]);
  assert.deepEqual(found("pass", false, ...all), ["dynamic", "pass", null]);
  // Who has typed a code isn't asked again.
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
    ...["dynamic", "pass", null],
  ]);
});
