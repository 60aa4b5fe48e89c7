import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeRequest,
  encodeRequest,
  type HelperRequest,
  LENGTH_BYTES,
  MAX_BODY_BYTES,
} from "../../../../src/pam/helper/protocol.ts";
import { RequestReader } from "../../../../src/pam/helper/read_request.ts";
import { Redacted } from "../../../../src/text/redacted.ts";
import { holds } from "../../../lab/fuzz.ts";

const text = fc.string({ unit: "grapheme", maxLength: 300 })
  .filter((text) => text.isWellFormed());
const password = fc.uint8Array({ maxLength: 600 }).map((bytes) => new Uint8Array(bytes));
const request: fc.Arbitrary<HelperRequest> = fc.oneof(
  fc.record({
    kind: fc.constant("authenticate" as const),
    username: text,
    rhost: fc.option(text),
    password: password.map((bytes) => new Redacted(bytes)),
  }),
  fc.record({
    kind: fc.constant("check_account" as const),
    username: text,
    rhost: fc.option(text),
  }),
  fc.record({ kind: fc.constant("account_name" as const), username: text }),
);

/** A request with its password in sight. */
function plain(request: HelperRequest | null): unknown {
  return request !== null && "password" in request
    ? { ...request, password: [...request.password.reveal()] }
    : request && { ...request };
}

/** A stream that gives its bytes in pieces of these lengths, and then one by one. */
function stream(bytes: Uint8Array, pieces: readonly number[] = []) {
  let [at, piece] = [0, 0];
  return (buffer: Uint8Array): number => {
    const count = Math.min(pieces[piece++] ?? 1, buffer.length, bytes.length - at);
    buffer.set(bytes.subarray(at, at + count));
    at += count;
    return count;
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("decodeRequest reads what encodeRequest has made, split anywhere", () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 30 });
  holds(fc.property(fc.array(request, { maxLength: 4 }), pieces, (requests, pieces) => {
    const reader = new RequestReader(stream(joined(requests.map(encodeRequest)), pieces));
    for (const request of requests) {
      let begun = 0;
      const body = reader.next(() => begun++);
      assert(body !== null && begun === 1);
      assert.deepEqual(plain(decodeRequest(body)), plain(request));
      reader.wipe();
    }
    assert.equal(reader.next(() => assert.fail("nothing has begun")), null);
  }));
});

Deno.test("decodeRequest takes no bytes that encodeRequest does not make", () => {
  const frame = request.map((request) => [...encodeRequest(request).subarray(LENGTH_BYTES)]);
  const mutated = fc.tuple(frame, fc.nat(), fc.integer({ min: -1, max: 255 })).map(
    ([bytes, at, value]) =>
      value === -1 ? bytes.slice(0, at % bytes.length) : bytes.with(at % bytes.length, value),
  );
  const bytes = fc.oneof(mutated, fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }));
  let taken = 0;
  holds(
    fc.property(bytes, (bytes) => {
      const decoded = decodeRequest(new Uint8Array(bytes));
      if (decoded === null) return;
      taken++;
      assert.deepEqual([...encodeRequest(decoded).subarray(LENGTH_BYTES)], bytes);
    }),
    3000,
  );
  assert(taken > 100);
});

Deno.test("decodeRequest tells what is absent from what is empty or no text", () => {
  const [authenticate, check, name] = [1, 2, 3];
  const [absent, empty, a, notUtf8] = [[0xff, 0xff], [0, 0], [0, 1, 97], [0, 1, 0xff]];
  const decode = (...parts: (number | number[])[]) =>
    plain(decodeRequest(new Uint8Array(parts.flat())));
  assert.deepEqual(decode(check, a, absent), {
    kind: "check_account",
    username: "a",
    rhost: null,
  });
  assert.deepEqual(decode(check, a, empty), { kind: "check_account", username: "a", rhost: "" });
  assert.deepEqual(decode(name, empty), { kind: "account_name", username: "" });
  for (
    const parts of [
      [],
      [0, a, absent, a],
      [4, a, absent, a],
      [authenticate],
      [authenticate, a, absent],
      [authenticate, a, absent, absent],
      [authenticate, a, absent, a, a],
      [authenticate, absent, absent, a],
      [authenticate, notUtf8, absent, a],
      [authenticate, a, notUtf8, a],
      [check, a],
      [check, a, absent, a],
      [check, a, notUtf8],
      [name],
      [name, absent],
      [name, notUtf8],
      [name, a, a],
      [name, a, 0],
      [name, 0, 2, 97],
    ]
  ) assert.equal(decode(...parts), null, JSON.stringify(parts));
});

Deno.test("encodeRequest refuses what it cannot send as it is", () => {
  const huge = new Redacted(new Uint8Array(MAX_BODY_BYTES));
  const request = { kind: "authenticate", username: "a", rhost: null, password: huge } as const;
  assert.throws(
    () => encodeRequest(request),
    /^Failure: a request to a PAM helper has 65544 bytes/,
  );
  assert.throws(
    () => encodeRequest({ kind: "account_name", username: "a\ud800" }),
    /^Failure: a request to a PAM helper has a text that is no Unicode$/,
  );
});

Deno.test("RequestReader ends at a length that is not allowed, and at an end within a request", () => {
  const next = (...bytes: number[]) =>
    new RequestReader(stream(new Uint8Array(bytes))).next(() => {});
  assert.throws(() => next(0, 0, 0, 0), /^Failure: a request has 0 bytes, expected 1 to 65536$/);
  assert.throws(() => next(0, 1, 0, 1, 5), /^Failure: a request has 65537 bytes/);
  assert.throws(() => next(0xff, 0xff, 0xff, 0xff), /^Failure: a request has 4294967295 bytes/);
  for (const bytes of [[0], [0, 0, 0, 2], [0, 0, 0, 2, 7]]) {
    assert.throws(() => next(...bytes), /^Failure: standard input ended within a request$/);
  }
  assert.deepEqual([...next(0, 0, 0, 2, 7, 8)!], [7, 8]);
});

Deno.test("RequestReader keeps nothing of a request once it is wiped", () => {
  const frame = encodeRequest({
    kind: "authenticate",
    username: "alice",
    rhost: null,
    password: new Redacted(new TextEncoder().encode("pw")),
  });
  const reader = new RequestReader(stream(frame));
  const body = reader.next(() => {})!;
  const decoded = decodeRequest(body);
  assert(decoded?.kind === "authenticate");
  reader.wipe();
  assert(new Uint8Array(body.buffer).every((byte) => byte === 0));
  assert.deepEqual([...decoded.password.reveal()], [0, 0], "it was no copy");
});
