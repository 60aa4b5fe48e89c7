import assert from "node:assert/strict";
import { Buffer, isUtf8 } from "node:buffer";
import fc from "fast-check";
import { Failure } from "../../../../src/core/failure.ts";
import type { Credentials } from "../../../../src/openvpn/credentials.ts";
import { makeCredentials, parseCredentials } from "../../../../src/openvpn/script/credentials.ts";
import { anyText, holds } from "../../../lab/fuzz.ts";

const username = fc.oneof(anyText, fc.constantFrom("", "\ufeffa", "a\r", "a b"))
  .map((text) => text.toWellFormed().replaceAll("\n", ""));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  anyText.map((text) => new Uint8Array(Buffer.from(text))),
  fc.array(fc.constantFrom(0, 0x0a, 0x0d, 0x61, 0xc3, 0xa9, 0xff), {
    maxLength: 12,
  }).map((bytes) => new Uint8Array(bytes)),
);
const password = bytes.map((bytes) => bytes.filter((byte) => byte !== 0x0a));

const shown = ({ username, password }: Credentials) => ({
  username,
  password: Buffer.from(password.reveal()).toString("latin1"),
});

/** The credentials, or the code of the `Failure`, which must not repeat the input. */
function outcome(make: () => Credentials): unknown {
  try {
    return shown(make());
  } catch (error) {
    assert(error instanceof Failure, String(error));
    assert.match(error.message, /^(the (username|credentials)|OpenVPN passed neither a) /);
    return error.code;
  }
}

Deno.test("credentials are the same from file and environment, whatever follows in the file", () => {
  const rest = fc.constantFrom("", "\n", "\n\n", "\nmore\nlines");
  holds(fc.property(username, password, rest, (username, password, rest) => {
    const name = new Uint8Array(Buffer.from(username));
    const file = Buffer.concat([name, Buffer.from("\n"), password])
      .toString("latin1") + rest;
    const expected = shown(makeCredentials(name, password.slice()));
    assert.equal(expected.username, username);
    assert.equal(expected.password, Buffer.from(password).toString("latin1"));
    const content = new Uint8Array(Buffer.from(file, "latin1"));
    assert.deepEqual(outcome(() => parseCredentials(content)), expected);
  }));
});

Deno.test("parseCredentials reads the first two lines of any bytes, or says why not", () => {
  holds(
    fc.property(bytes, (bytes) => {
      const lines = Buffer.from(bytes).toString("latin1").split("\n");
      const name = Buffer.from(lines[0]!, "latin1");
      const expected = lines.length < 2
        ? "bad_call"
        : isUtf8(name)
        ? { username: name.toString(), password: lines[1] }
        : "bad_username";
      assert.deepEqual(outcome(() => parseCredentials(bytes)), expected);
    }),
    500,
  );
});

Deno.test("makeCredentials requires both, and a username in UTF-8", () => {
  const some = fc.option(bytes, { freq: 3 });
  holds(fc.property(some, some, (name, password) => {
    const expected = name === null || password === null ? "bad_call" : isUtf8(name)
      ? {
        username: Buffer.from(name).toString(),
        password: Buffer.from(password).toString("latin1"),
      }
      : "bad_username";
    assert.deepEqual(outcome(() => makeCredentials(name, password)), expected);
  }));
});
