import assert from "node:assert/strict";
import { Buffer, isUtf8 } from "node:buffer";
import fc from "fast-check";
import { readResponse } from "../../../src/openvpn/answer.ts";
import { anyText, holds } from "../../lab/fuzz.ts";
import { INTRUDERS, typedCode } from "../../lab/typed_code.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const lineEnd = fc.constantFrom("", "\n", "\r\n");

Deno.test("readResponse reads a code however it is typed, padded and ended", () => {
  holds(
    fc.property(
      typedCode,
      fc.boolean(),
      lineEnd,
      ({ code, text }, isPadded, end) => {
        const line = isPadded ? base64(text) : base64(text).replaceAll("=", "");
        assert.equal(
          readResponse(Buffer.from(line + end))?.reveal().text,
          code,
        );
      },
    ),
  );
});

Deno.test("readResponse reads no code from a near miss", () => {
  const intruder = fc.constantFrom(...INTRUDERS, "\ufffd");
  holds(
    fc.property(
      typedCode,
      intruder,
      fc.nat(),
      lineEnd,
      ({ text }, intruder, n, end) => {
        const place = n % (text.length + 1);
        const none = text.slice(0, place) + intruder + text.slice(place);
        for (const sent of [base64(none), text, none]) {
          assert.equal(readResponse(Buffer.from(sent + end)), null);
        }
        // A byte that is not UTF-8 must not become a character that is dropped.
        const bytes = Buffer.from(text);
        const broken = Buffer.concat([bytes, Buffer.from([0xff])]);
        const line = broken.toString("base64");
        assert.equal(readResponse(Buffer.from(line)), null);
      },
    ),
  );
});

Deno.test("readResponse requires one line of base64 without gaps", () => {
  const other = fc.constantFrom(..." \t\r\n-_.,\0\v");
  holds(fc.property(typedCode, other, fc.nat(), ({ text }, other, n) => {
    const line = base64(text);
    const place = 1 + n % (line.length - 1);
    const sent = line.slice(0, place) + other + line.slice(place);
    assert.equal(readResponse(Buffer.from(sent)), null);
    assert.equal(
      readResponse(Buffer.from(other.trimEnd() + " " + line)),
      null,
    );
  }));
});

Deno.test("readResponse never throws, and returns no code except the one that was sent", () => {
  const near = fc.tuple(typedCode, lineEnd, fc.nat(), fc.nat(255), fc.nat(2))
    .map(([{ text }, end, n, byte, kind]) => {
      const bytes = [...Buffer.from(base64(text) + end)];
      const place = n % bytes.length;
      bytes.splice(place, kind === 1 ? 0 : 1, ...(kind === 2 ? [] : [byte]));
      return new Uint8Array(bytes);
    });
  const content = fc.oneof(
    { arbitrary: near, weight: 4 },
    fc.uint8Array({ maxLength: 4096, size: "max" }),
    fc.base64String({ maxLength: 40 }).map((text) => Buffer.from(text)),
    anyText.map((text) => Buffer.from(base64(text))),
  );
  holds(
    fc.property(content, (content) => {
      const { kind, text: code } = readResponse(content)?.reveal() ?? {};
      if (code === undefined) return;
      const sent = Buffer.from(Buffer.from(content).toString(), "base64");
      assert(isUtf8(sent));
      if (kind === "recovery") {
        assert.match(sent.toString(), /^[\s0-9A-Za-z-]{10,}$/);
        return;
      }
      assert.match(code, /^[0-9]{6}$/);
      assert.doesNotMatch(sent.toString(), /[!-,.-/:-~\0]/);
      const digits = sent.toString().replace(/[\s-]/g, "");
      if (/^[0-9]*$/.test(digits)) assert.equal(digits, code);
    }),
    500,
  );
});
