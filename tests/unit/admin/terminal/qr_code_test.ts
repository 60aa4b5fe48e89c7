import assert from "node:assert/strict";
import { provisioningUri } from "../../../../src/admin/enrolment/provisioning_uri.ts";
import { qrCode } from "../../../../src/admin/terminal/qr_code.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { rasterized, readQrCodes } from "../../../lab/qr_reader.ts";
import { testWith } from "../../../lab/requirements.ts";
import { DARK, LIGHT, terminalPicture } from "../../../lab/terminal_picture.ts";

const SECRET = "RUWKBBSFCFJAZNPVNCI5RBQQB2K7FJV2";
const UNCOMMON = "&algorithm=SHA512&digits=8&period=300";

const COMMON_URI = provisioningUri("OpenVPN Server", "exampleuser", SECRET);
const LONG_URI = uriOf(128, 64, SECRET);

function uriOf(issuer: number, username: number, secret: string): string {
  const names = ["I".repeat(issuer), "u".repeat(username)] as const;
  return provisioningUri(...names, secret) + UNCOMMON;
}

/** Without colours. */
function widthOf(drawn: string): number {
  // deno-lint-ignore no-control-regex
  const plain = drawn.replace(/\x1b\[[0-9;]*m/g, "");
  return Math.max(...plain.split("\n").map((line) => line.length));
}

testWith(
  ["zbarimg", "rsvg-convert"],
  "qrCode is readable on dark and light terminals, with and without gaps between lines",
  async () => {
    await using directory = await makeTestDirectory();
    const pictures: string[] = [];
    const expected: string[] = [];
    for (const uri of [COMMON_URI, LONG_URI]) {
      for (const theme of [DARK, LIGHT]) {
        for (const gap of [0, 1, 4]) {
          const svg = `${directory.path}/${pictures.length}.svg`;
          await Deno.writeTextFile(
            svg,
            terminalPicture(qrCode(uri)!, { theme, gap }),
          );
          pictures.push(await rasterized(svg));
          expected.push(uri);
        }
      }
    }
    assert.deepEqual(await readQrCodes(pictures), expected);
  },
);

Deno.test("qrCode fits the terminal, at the cost of error correction and margin", () => {
  assert.equal(widthOf(qrCode(COMMON_URI)!), 53);
  assert.equal(widthOf(qrCode(COMMON_URI, 52)!), 49, "less error correction");
  assert.equal(widthOf(qrCode(COMMON_URI, 48)!), 45, "half the margin");
  assert.equal(qrCode(COMMON_URI, 44), null);
  assert.equal(widthOf(qrCode(LONG_URI)!), 77);
  assert.equal(widthOf(qrCode(LONG_URI, 200)!), 89);
  assert.equal(qrCode(uriOf(128, 256, SECRET)), null);
});

Deno.test("qrCode leaves the terminal's own colours behind each line", () => {
  for (const line of qrCode(COMMON_URI)!.split("\n")) {
    // deno-lint-ignore no-control-regex
    assert.match(line, /^(\x1b\[(30|97);(40|107)m[ ▄]+)+\x1b\[0m$/);
  }
});
