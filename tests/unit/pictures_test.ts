import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeTestDirectory } from "../lab/program.ts";
import { rasterized, readQrCodes } from "../lab/qr_reader.ts";
import { testWith } from "../lab/requirements.ts";

testWith(
  ["zbarimg", "rsvg-convert"],
  "the QR codes in the documents' pictures are readable, and belong to one enrolment",
  async () => {
    await using directory = await makeTestDirectory();
    const pictures = fileURLToPath(
      new URL("../../docs/pictures/", import.meta.url),
    );
    const svg = `${directory.path}/enroll.svg`;
    await Deno.copyFile(`${pictures}enroll.svg`, svg);
    const [onTerminal, onSheet] = await readQrCodes([
      await rasterized(svg),
      `${pictures}sheet.png`,
    ]);
    assert.match(
      onTerminal!,
      /^otpauth:\/\/totp\/OpenVPN%20Server:exampleuser\?secret=/,
    );
    assert.equal(onSheet, onTerminal);
  },
);
