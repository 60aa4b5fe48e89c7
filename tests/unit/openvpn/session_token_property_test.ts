import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { readSessionToken } from "../../../src/openvpn/session_token.ts";
import { anyText, holds, textWith } from "../../lab/fuzz.ts";
import { sessionToken } from "../../lab/session_token.ts";

const PREFIX = "SESS_ID_AT_";
const seconds = fc.integer({ min: 0, max: 2 ** 40 });
const state = fc.oneof(
  textWith("Authenticated", "EmptyUser", "Expired", "Invalid", "Initial", " "),
  fc.constantFrom(undefined, "", "authenticated", "Authenticated"),
);
const inState = (state: string | undefined) => (name: string) =>
  name === "session_state" ? state : "Authenticated";

Deno.test("readSessionToken reads the first login's time only in the state Authenticated", () => {
  holds(fc.property(seconds, seconds, state, (first, renewed, state) => {
    const token = sessionToken(first, renewed);
    assert.deepEqual(readSessionToken(inState(state), token), {
      loginAt: state === "Authenticated" ? first * 1000 : null,
    });
  }));
});

Deno.test("readSessionToken looks only at the time: id, renewal and signature do not matter", () => {
  const part = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  holds(fc.property(part(12), seconds, part(40), (id, seconds, rest) => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(seconds));
    const token = PREFIX + Buffer.concat([id, time, rest]).toString("base64");
    assert.deepEqual(
      readSessionToken(inState("Authenticated"), Buffer.from(token)),
      { loginAt: seconds * 1000 },
    );
  }));
});

Deno.test("readSessionToken recognises exactly what begins as a token, and reads no time from a short one", () => {
  const text = textWith(PREFIX, "SESS", "_ID_AT_", "AAAA", "====");
  holds(fc.property(text, state, (text, state) => {
    const token = readSessionToken(inState(state), Buffer.from(text));
    assert.equal(token !== null, text.startsWith(PREFIX));
    if (state !== "Authenticated") assert.equal(token?.loginAt ?? null, null);
  }));
  const short = fc.uint8Array({ maxLength: 19 });
  holds(fc.property(short, (bytes) => {
    const token = PREFIX + Buffer.from(bytes).toString("base64");
    assert.deepEqual(
      readSessionToken(inState("Authenticated"), Buffer.from(token)),
      { loginAt: null },
    );
  }));
});

Deno.test("readSessionToken never throws, however many bytes", () => {
  const rest = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    anyText.map((text) => Buffer.from(text)),
    fc.nat(64 * 1024).map((length) => new Uint8Array(length).fill(0x41)),
  );
  holds(fc.property(rest, (rest) => {
    const password = new Uint8Array([...Buffer.from(PREFIX), ...rest]);
    const token = readSessionToken(inState("Authenticated"), password);
    assert(token !== null);
    if (token.loginAt !== null) assert(Number.isInteger(token.loginAt));
  }));
});
