import assert from "node:assert/strict";
import fc from "fast-check";
import { Redacted } from "../../../src/text/redacted.ts";
import { readPasswordForm } from "../../../src/openvpn/password_form.ts";
import { anyText, holds } from "../../lab/fuzz.ts";
import { sessionToken } from "../../lab/session_token.ts";
import { typedCode } from "../../lab/typed_code.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (text: string) => utf8(text).toBase64();
const textOf = (bytes: Redacted<Uint8Array>) => new TextDecoder().decode(bytes.reveal());

/** What a client sent as the password, with the code as text. */
function form(text: string, variables: Record<string, string> = {}) {
  const read = (name: string) => variables[name];
  const found = readPasswordForm(read, new Redacted(utf8(text)));
  if (found.form === "token") return found;
  const code = found.form === "plain" ? null : found.code?.reveal().text;
  return {
    form: found.form,
    ...found.form === "dynamic" ? { stateId: found.stateId } : { password: textOf(found.password) },
    ...found.form === "plain" ? {} : { code: code ?? null },
    ...found.form === "static" ? { isEmpty: found.isEmpty } : {},
  };
}

Deno.test("readPasswordForm parses the answer to a static challenge", () => {
  const static1 = (password: string, code: string | null, isEmpty = false) => ({
    form: "static",
    password,
    code,
    isEmpty,
  });
  const cases: [string, ReturnType<typeof static1>][] = [
    [
      `SCRV1:${base64("pä:ss")}:${base64("000042")}`,
      static1("pä:ss", "000042"),
    ],
    // Some clients send it without padding.
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

Deno.test("readPasswordForm parses the answer to a dynamic challenge", () => {
  assert.deepEqual(form("CRV1::Abc_-1::000042"), {
    form: "dynamic",
    stateId: "Abc_-1",
    code: "000042",
  });
  assert.deepEqual(form("CRV1::x::"), {
    form: "dynamic",
    stateId: "x",
    code: null,
  });
  assert.deepEqual(form("CRV1::x::12::3456"), {
    form: "dynamic",
    stateId: "x",
    code: null,
  });
});

Deno.test("readPasswordForm recognises a session token by its beginning", () => {
  const token = new TextDecoder().decode(sessionToken(1_700_000_000));
  const verified = { session_state: "Authenticated" };
  const loginAt = 1_700_000_000_000;
  assert.deepEqual(form(token, verified), { form: "token", token: { loginAt } });
  assert.deepEqual(form(token), { form: "token", token: { loginAt: null } });
  assert.deepEqual(form("SESS_ID_AT_"), { form: "token", token: { loginAt: null } });
});

Deno.test("readPasswordForm takes anything else for a password", () => {
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

Deno.test("readPasswordForm undoes the escaping of quotes by old versions of OpenVPN's GUI", () => {
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

Deno.test("readPasswordForm reads any password and code from a static challenge", () => {
  holds(fc.property(
    anyText.map((text) => text.toWellFormed()),
    typedCode,
    (password, { code, text }) => {
      const sent = `SCRV1:${base64(password)}:${base64(text)}`;
      assert.deepEqual(form(sent), {
        form: "static",
        password,
        code,
        isEmpty: false,
      });
    },
  ));
});
