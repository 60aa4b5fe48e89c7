import assert from "node:assert/strict";
import fc from "fast-check";
import { LENGTH_BYTES, MAX_BODY_BYTES } from "../../../../src/pam/helper/protocol.ts";
import {
  encodeReply,
  type HelperReply,
  MalformedReply,
  ReplyReader,
} from "../../../../src/pam/helper/reply.ts";
import type { PamResult } from "../../../../src/pam/pam_result.ts";
import { holds } from "../../../lab/fuzz.ts";

const text = fc.string({ unit: "grapheme", maxLength: 50 });
const said = fc.record({ said: fc.array(text, { maxLength: 3 }) }, { requiredKeys: [] });
const status = fc.integer({ min: 0, max: 31 });
const result = fc.oneof(
  fc.record({ outcome: fc.constant("passed" as const), username: text }),
  fc.tuple(
    fc.record({
      outcome: fc.constant("denied" as const),
      call: fc.constantFrom("pam_authenticate", "pam_acct_mgmt"),
      status,
    }),
    said,
  ).map(([fields, said]) => ({ ...fields, ...said })),
  fc.tuple(
    fc.record({
      outcome: fc.constant("failed" as const),
      call: fc.constantFrom("pam_start", "pam_set_item", "pam_authenticate"),
      status,
    }),
    said,
  ).map(([fields, said]) => ({ ...fields, ...said })),
  fc.constant({ outcome: "unnamed" as const }),
  fc.record({ outcome: fc.constant("no_answer" as const), seconds: fc.nat(300) }),
) as fc.Arbitrary<PamResult>;
const reply = fc.tuple(
  fc.oneof(
    result.map((result) => ({ result: { ...result } })),
    fc.option(text).map((accountName) => ({ accountName })),
  ),
  fc.record({ isLast: fc.boolean(), uid: fc.option(fc.integer({ min: 1, max: 65534 })) }),
).map(([answer, rest]) => ({ ...answer, ...rest })) as fc.Arbitrary<HelperReply>;

/** Puts a reply together from pieces; null if it is not complete. */
function read(bytes: Uint8Array, pieces: readonly number[] = []): HelperReply | null {
  const reader = new ReplyReader();
  let [at, piece] = [0, 0];
  while (at < bytes.length) {
    const end = at + (pieces[piece++] ?? 1);
    const reply = reader.push(bytes.subarray(at, end));
    at = end;
    if (reply !== null) {
      assert(at >= bytes.length, "nothing comes behind it");
      return reply;
    }
  }
  return null;
}

/** A frame around a text. */
function frame(text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  const bytes = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes.set(body, LENGTH_BYTES);
  return bytes;
}

Deno.test("ReplyReader reads what encodeReply has made, split anywhere", () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 30 });
  holds(fc.property(reply, pieces, (reply, pieces) => {
    const bytes = encodeReply(reply);
    assert.deepEqual(read(bytes, pieces), reply);
    assert.equal(read(bytes.subarray(0, -1), pieces), null);
    assert.throws(() => new ReplyReader().push(new Uint8Array([...bytes, 0])), MalformedReply);
  }));
});

Deno.test("ReplyReader takes garbage for no reply", () => {
  const garbage = fc.tuple(reply, fc.nat(), fc.integer({ min: 0, max: 255 })).map(
    ([reply, at, value]) => {
      const bytes = encodeReply(reply);
      bytes[at % bytes.length] = value;
      return bytes;
    },
  );
  const bytes = fc.oneof(garbage, fc.uint8Array({ maxLength: 100 }), fc.json().map(frame));
  holds(
    fc.property(bytes, (bytes) => {
      try {
        const reply = new ReplyReader().push(bytes);
        if (reply !== null) assert.deepEqual(read(encodeReply(reply)), reply);
      } catch (error) {
        assert(error instanceof MalformedReply);
      }
    }),
    3000,
  );
});

Deno.test("ReplyReader takes only a reply that has just what belongs there", () => {
  const passed = '"result":{"outcome":"passed","username":"a"}';
  assert.deepEqual(read(frame(`{${passed}}`)), {
    result: { outcome: "passed", username: "a" },
    isLast: false,
    uid: null,
  });
  for (
    const text of [
      "",
      "null",
      "[]",
      "{}",
      "1",
      `{${passed}`,
      `[{${passed}}]`,
      `{${passed},"accountName":null}`,
      `{${passed},"isLast":false}`,
      `{${passed},"isLast":1}`,
      `{${passed},"uid":"0"}`,
      `{${passed},"uid":-1}`,
      `{${passed},"more":1}`,
      '{"result":null}',
      '{"result":{}}',
      '{"result":{"outcome":"accepted"}}',
      '{"result":{"outcome":"toString"}}',
      '{"result":{"outcome":["passed"],"username":"a"}}',
      '{"result":{"outcome":"passed"}}',
      '{"result":{"outcome":"passed","username":null}}',
      '{"result":{"outcome":"passed","username":"a","call":"pam_start"}}',
      '{"result":{"outcome":"unnamed","username":"a"}}',
      '{"result":{"outcome":"denied","call":"pam_start","status":1}}',
      '{"result":{"outcome":"denied","call":"pam_authenticate"}}',
      '{"result":{"outcome":"denied","call":"pam_authenticate","status":"7"}}',
      '{"result":{"outcome":"denied","call":"pam_authenticate","status":7,"said":"no"}}',
      '{"result":{"outcome":"denied","call":"pam_authenticate","status":7,"said":[1]}}',
      '{"result":{"outcome":"failed","call":"pam_acct_mgmt","status":1}}',
      '{"result":{"outcome":"no_answer","seconds":1.5}}',
      '{"accountName":1}',
    ]
  ) assert.throws(() => new ReplyReader().push(frame(text)), MalformedReply, text);
  const notUtf8 = frame('{"accountName":"x"}').map((byte) => byte === 0x78 ? 0xff : byte);
  assert.throws(() => new ReplyReader().push(notUtf8), MalformedReply);
});

Deno.test("ReplyReader makes no memory for a reply that is too long", () => {
  for (const length of [0, MAX_BODY_BYTES + 1, 0xffffffff]) {
    const bytes = new Uint8Array(LENGTH_BYTES);
    new DataView(bytes.buffer).setUint32(0, length);
    assert.throws(() => new ReplyReader().push(bytes), MalformedReply);
  }
});

Deno.test("encodeReply sends no name that is too long for a reply", () => {
  const username = "x".repeat(MAX_BODY_BYTES);
  const rest = { isLast: true, uid: 7 };
  const passed = encodeReply({ result: { outcome: "passed", username }, ...rest });
  assert.deepEqual(read(passed), { result: { outcome: "unnamed" }, ...rest });
  const named = encodeReply({ accountName: username, ...rest });
  assert.deepEqual(read(named), { accountName: null, ...rest });
});
