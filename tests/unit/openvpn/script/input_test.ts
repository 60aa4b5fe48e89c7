import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../../src/core/failure.ts";
import { parseCredentials } from "../../../../src/openvpn/script/credentials.ts";
import { readClient } from "../../../../src/openvpn/client_variables.ts";
import { readScriptAttempt } from "../../../../src/openvpn/script/environment.ts";
import { readSessionToken } from "../../../../src/openvpn/session_token.ts";
import { readResponse } from "../../../../src/openvpn/answer.ts";
import { holds } from "../../../lab/fuzz.ts";

import { sessionToken } from "../../../lab/session_token.ts";

const utf8 = new TextEncoder();
const from = (variables: Record<string, string>) => (name: string) => variables[name];

Deno.test("parseCredentials reads two lines, with or without a last line end", () => {
  for (const text of ["alice\np w", "alice\np w\n", "alice\np w\nrest\n"]) {
    const { username, password } = parseCredentials(utf8.encode(text));
    assert.equal(username, "alice");
    assert.deepEqual(password.reveal(), utf8.encode("p w"));
  }
});

Deno.test("parseCredentials keeps a password's bytes, which need not be UTF-8", () => {
  const { password } = parseCredentials(
    new Uint8Array([0x61, 0x0a, 0xff, 0x00, 0xfe, 0x0d, 0x0a]),
  );
  assert.deepEqual(password.reveal(), new Uint8Array([0xff, 0, 0xfe, 0x0d]));
});

Deno.test("parseCredentials refuses any other form, without repeating it", () => {
  for (const bytes of [[], [0x61], [0xff, 0x0a, 0x70, 0x0a]]) {
    assert.throws(() => parseCredentials(new Uint8Array(bytes)), Failure);
  }
});

Deno.test("parseCredentials fails in no other way, whatever the bytes", () => {
  holds(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    try {
      const { username } = parseCredentials(bytes);
      assert.equal(username.includes("\n"), false);
    } catch (error) {
      assert(error instanceof Failure);
    }
  }));
});

Deno.test("readResponse reads base64 with a line end, padded or not", () => {
  for (const text of ["MDAwMDQy\n", "MDAwMDQy", "IDEyMyA0NTYNCg==\n"]) {
    assert.match(
      readResponse(utf8.encode(text))?.reveal().text ?? "",
      /^(000042|123456)$/,
    );
  }
});

Deno.test("readResponse returns null for everything else", () => {
  for (
    const text of [
      "",
      "\n",
      "123456",
      "=",
      "MDAw MDQy",
      "MDAwMDQy===",
      "MDAw\nMDQy",
      "-_-_-_-_",
      "MDAwMDQyAA==",
      "////",
    ]
  ) {
    assert.equal(readResponse(utf8.encode(text)), null, text);
  }
});

Deno.test("readResponse returns a code or null, whatever the bytes", () => {
  holds(fc.property(
    fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.base64String({ maxLength: 24 }).map((text) => utf8.encode(text)),
    ),
    (bytes) => {
      const code = readResponse(bytes);
      if (code === null) return;
      const { kind, text } = code.reveal();
      assert.match(text, kind === "digits" ? /^\d{6,8}$/ : /^[0-9A-Z]{10}$/);
    },
  ));
});

Deno.test("readClient requires the exact token", () => {
  for (const sso of ["crtext", "webauth,crtext", "crtext,openurl"]) {
    assert.equal(readClient(from({ IV_SSO: sso })).knowsCrtext, true);
  }
  for (const sso of ["", "crtextx", "xcrtext", "CRTEXT", "webauth crtext"]) {
    assert.equal(readClient(from({ IV_SSO: sso })).knowsCrtext, false);
  }
  assert.equal(readClient(from({})).knowsCrtext, false);
});

Deno.test("readSessionToken reads the time of the first login", () => {
  const token = sessionToken(1_700_000_000, 1_800_000_000);
  const state = (session_state: string) => from({ session_state });
  assert.deepEqual(readSessionToken(state("Authenticated"), token), {
    loginAt: 1_700_000_000_000,
  });
});

Deno.test("readSessionToken treats a token as verified only in the state Authenticated", () => {
  const token = sessionToken(1_700_000_000);
  for (
    const session_state of [
      "",
      "Initial",
      "Expired",
      "Invalid",
      "AuthenticatedEmptyUser",
      "ExpiredEmptyUser",
      "authenticated",
      "Authenticated ",
    ]
  ) {
    assert.deepEqual(readSessionToken(from({ session_state }), token), {
      loginAt: null,
    });
  }
  assert.deepEqual(readSessionToken(from({}), token), { loginAt: null });
});

Deno.test("readSessionToken takes nothing else for a token, and treats no broken token as verified", () => {
  const read = from({ session_state: "Authenticated" });
  for (const password of ["", "SESS_ID_AT", "sess_id_at_x", "xSESS_ID_AT_"]) {
    assert.equal(readSessionToken(read, utf8.encode(password)), null);
  }
  for (const rest of ["", "abc", "=", "\xff", "AAAA".repeat(4)]) {
    assert.deepEqual(
      readSessionToken(read, utf8.encode(`SESS_ID_AT_${rest}`)),
      { loginAt: null },
    );
  }
});

Deno.test("readScriptAttempt reads the IPv6 address, and treats empty as absent", () => {
  const read = from({
    auth_control_file: "/tmp/acf",
    untrusted_ip6: "2001:db8::1",
    common_name: "",
  });
  assert.deepEqual(readScriptAttempt(read, "alice"), {
    id: "/tmp/acf",
    loginName: "alice",
    commonName: null,
    address: "2001:db8::1",
  });
  assert.throws(() => readScriptAttempt(from({}), "alice"), /auth_control_file/);
});
