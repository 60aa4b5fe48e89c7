import assert from "node:assert/strict";
import { URI } from "otpauth";
import fc from "fast-check";
import { provisioningUri } from "../../../src/admin/provisioning_uri.ts";
import { qrCode } from "../../../src/admin/qr_code.ts";
import { instant, json, pairs, table } from "../../../src/admin/text.ts";
import { holds } from "../../lab/fuzz.ts";
import { mustRun } from "../../lab/command.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { testWith } from "../../lab/requirements.ts";

Deno.test("provisioningUri is the guide's, to the letter", () => {
  assert.equal(
    provisioningUri("OpenVPN Server", "exampleuser", "SECRET"),
    "otpauth://totp/OpenVPN%20Server:exampleuser?secret=SECRET&issuer=OpenVPN%20Server",
  );
});

Deno.test("provisioningUri encodes all but RFC 3986's unreserved characters", () => {
  assert.equal(
    provisioningUri("A/B & C", "o'hara (it)!*@x/y+é~", "S"),
    "otpauth://totp/A/B%20%26%20C:o%27hara%20%28it%29%21%2A%40x/y%2B%C3%A9~" +
      "?secret=S&issuer=A%2FB%20%26%20C",
  );
});

Deno.test("provisioningUri is read back by otpauth, whatever the names", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((text) => !text.includes(":") && text.trim() === text);
  holds(fc.property(name, name, (issuer, username) => {
    const otp = URI.parse(
      provisioningUri(issuer, username, "JBSWY3DPEHPK3PXP"),
    );
    assert.equal(otp.issuer, issuer);
    assert.equal(otp.label, username);
    assert.equal(otp.secret.base32, "JBSWY3DPEHPK3PXP");
  }));
});

testWith(
  ["zbarimg"],
  "qrCode is read by a QR code reader, from the characters of a terminal",
  async () => {
    await using directory = await makeTestDirectory();
    const uri = provisioningUri(
      "OpenVPN Server",
      "exampleuser",
      "RUWKBBSFCFJAZNPVNCI5RBQQB2K7FJV2",
    );
    const text = qrCode(uri);
    const widest = Math.max(
      ...text.split("\n").map((line) => plain(line).length),
    );
    assert(widest <= 80, `${widest} columns`);
    const image = `${directory.path}/qr.pgm`;
    await Deno.writeTextFile(image, drawn(text));
    assert.equal(
      (await mustRun("zbarimg", ["--quiet", "--raw", image])).trim(),
      uri,
    );
  },
);

/** Without colours; each line must set black on bright white itself. */
function plain(line: string): string {
  assert(line.startsWith("\x1b[30;107m") && line.endsWith("\x1b[0m"), line);
  return line.slice("\x1b[30;107m".length, -"\x1b[0m".length);
}

/** Draws half blocks as a terminal would, 4 by 4 pixels a module (a PGM image). */
function drawn(text: string): string {
  const rows = text.split("\n").flatMap((line) => {
    const cells = Array.from(plain(line));
    return [
      cells.map((cell) => cell === "█" || cell === "▀"),
      cells.map((cell) => cell === "█" || cell === "▄"),
    ];
  });
  const pixels = rows.flatMap((row) => {
    const line = row.map((dark) => dark ? "0 0 0 0" : "9 9 9 9").join(" ");
    return [line, line, line, line];
  });
  return `P2\n${rows[0]!.length * 4} ${pixels.length}\n9\n${
    pixels.join("\n")
  }\n`;
}

Deno.test("table and pairs line up, and escape what acts on a terminal", () => {
  assert.equal(
    table(["USER", "N"], [["a\x1b[2J", "1"], ["b", "22"]]),
    "USER        N\na\\u{1b}[2J  1\nb           22\n",
  );
  assert.equal(
    pairs([["A", "x"], ["Long", "y\n"]]),
    "A:     x\nLong:  y\\u{a}\n",
  );
});

Deno.test("json escapes what acts on a terminal, and stays JSON", () => {
  const value = { name: "a\u202e\x9b\u2028\u{e0001}é\n" };
  const text = json(value);
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{C}\p{Zl}]/u);
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("instant is RFC 3339 to the second", () => {
  assert.equal(instant(0), "1970-01-01T00:00:00Z");
  assert.equal(instant(1_700_000_000_999), "2023-11-14T22:13:20Z");
});
