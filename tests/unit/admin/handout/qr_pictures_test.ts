import assert from "node:assert/strict";
import { crc32, inflateSync } from "node:zlib";
import fc from "fast-check";
import { qrPng } from "../../../../src/admin/handout/qr_png.ts";
import { qrSvg } from "../../../../src/admin/handout/qr_svg.ts";
import { provisioningUri } from "../../../../src/admin/enrolment/provisioning_uri.ts";
import { isUsername } from "../../../../src/core/username.ts";
import { RUNS_FACTOR, SEED } from "../../../lab/fuzz.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { rasterized, readQrCodes } from "../../../lab/qr_reader.ts";
import { testWith } from "../../../lab/requirements.ts";

const SECRET = "RUWKBBSFCFJAZNPVNCI5RBQQB2K7FJV2";

/** With any names, and with the longest ones that are allowed. */
function someUris(): string[] {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter(isUsername);
  const names = fc.sample(fc.tuple(name, name), {
    seed: SEED,
    numRuns: Math.ceil(6 * RUNS_FACTOR),
  });
  const longest = ["\u{1f511}".repeat(32), "\u{1f511}".repeat(64)] as const;
  return [
    ...names.map((names) => provisioningUri(...names, SECRET)),
    provisioningUri(...longest, "A".repeat(205)) +
    "&algorithm=SHA512&digits=8&period=300",
  ];
}

testWith(
  ["zbarimg", "rsvg-convert"],
  "qrPng and qrSvg are read by a QR code reader, whatever the names",
  async () => {
    await using directory = await makeTestDirectory();
    const uris = someUris();
    const pictures: string[] = [];
    for (const [i, uri] of uris.entries()) {
      const path = `${directory.path}/${i}`;
      await Deno.writeFile(`${path}.png`, qrPng(uri));
      await Deno.writeTextFile(`${path}.svg`, qrSvg(uri));
      pictures.push(`${path}.png`, await rasterized(`${path}.svg`));
    }
    assert.deepEqual(
      await readQrCodes(pictures),
      uris.flatMap((uri) => [uri, uri]),
    );
  },
);

Deno.test("qrPng makes a valid PNG: signature, chunks with checksums, and the declared number of pixels", () => {
  const png = qrPng("otpauth://totp/a?secret=A");
  const view = new DataView(png.buffer);
  assert.equal(png.subarray(0, 8).toHex(), "89504e470d0a1a0a");
  const chunks: [string, Uint8Array][] = [];
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const body = png.subarray(at + 4, at + 8 + length);
    assert.equal(view.getUint32(at + 8 + length), crc32(body));
    const type = new TextDecoder().decode(body.subarray(0, 4));
    chunks.push([type, body.subarray(4)]);
    at += 12 + length;
  }
  assert.deepEqual(chunks.map(([type]) => type), ["IHDR", "IDAT", "IEND"]);
  const [, header] = chunks[0]!;
  const side = new DataView(header.slice().buffer).getUint32(0);
  assert.equal(header.subarray(8).toHex(), "0100000000");
  const pixels = inflateSync(chunks[1]![1]);
  assert.equal(pixels.length, side * (1 + side / 8));
  assert(pixels.subarray(1, 1 + side / 8).every((byte) => byte === 0xff));
});

Deno.test("qrSvg refers to nothing outside itself", () => {
  const svg = qrSvg("otpauth://totp/a?secret=A");
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^<]+>/);
  assert.doesNotMatch(svg, /href|url\(|style|script|otpauth/);
});
