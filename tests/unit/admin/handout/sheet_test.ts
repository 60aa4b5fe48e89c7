import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sheet } from "../../../../src/admin/handout/sheet.ts";
import { Browser } from "../../../lab/browser.ts";
import { fullHandout, TEN_CODES, USUAL_HANDOUT } from "../../../lab/handouts.ts";
import { mustRun } from "../../../lab/command.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { readQrCodes } from "../../../lab/qr_reader.ts";
import { testWith } from "../../../lab/requirements.ts";

/** Width and height in inches. */
const PAPERS = { A4: [8.27, 11.69], Letter: [8.5, 11] } as const;

/** Names that could act as markup, end an attribute, or turn text around. */
const HOSTILE = `<script>alert(1)</script>"><img src=x onerror=alert(1)>'&amp;`;

Deno.test("sheet shows hostile names as they are", () => {
  const page = sheet(fullHandout(HOSTILE, `\u202e${HOSTILE}`));
  assert.doesNotMatch(page, /<script|<img|\u202e/);
  assert(page.includes(
    "<bdi>\\u{202e}&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#62;" +
      "&#60;img src=x onerror=alert(1)&#62;&#39;&#38;amp;</bdi>",
  ));
});

Deno.test("sheet forbids all but its own style", () => {
  const page = sheet(USUAL_HANDOUT);
  const [, style] = page.match(/<style>([^]*)<\/style>/)!;
  const hash = createHash("sha256").update(style!).digest("base64");
  assert(page.includes(
    `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; ` +
      `style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;">`,
  ));
  assert.doesNotMatch(page, / (src|style|on\w+)=|url\(|@import|<script|<link/);
  assert.deepEqual(
    page.match(/ href="[^"]*"/g),
    [` href="${USUAL_HANDOUT.uri.replaceAll("&", "&#38;")}"`],
  );
});

Deno.test("sheet shows uncommon parameters and recovery codes, if there are any", () => {
  const usual = sheet(USUAL_HANDOUT);
  assert.match(usual, /<b>6 digits<\/b>[^.]*\. They change every 30 seconds/);
  assert.doesNotMatch(usual, /Algorithm|recovery codes/);
  const full = sheet(fullHandout("VPN", "user"));
  assert.match(full, /<dt>Algorithm<\/dt><dd><bdi>SHA512<\/bdi>/);
  assert.match(full, /<b>8 digits<\/b>[^.]*\. They change every 300 seconds/);
  for (const code of TEN_CODES) assert(full.includes(`<li>${code}</li>`));
});

testWith(
  ["chromium", "zbarimg", "pdfinfo"],
  "sheet in a browser: its code is read, light and dark, it loads nothing, fits a phone and one page",
  async () => {
    await using directory = await makeTestDirectory();
    await using browser = await Browser.start(directory.path);
    const open = async (handout: typeof USUAL_HANDOUT) => {
      const path = `${directory.path}/sheet.html`;
      await Deno.writeTextFile(path, sheet(handout));
      await browser.open(path);
      assert.deepEqual(browser.requests, [`file://${path}`]);
    };

    await open(USUAL_HANDOUT);
    const screens = [
      { width: 1000 },
      { width: 1000, isDark: true },
      { width: 360, isDark: true },
    ];
    const pictures: string[] = [];
    for (const screen of screens) {
      const path = `${directory.path}/${pictures.length}.png`;
      await Deno.writeFile(path, await browser.screenshot(screen));
      pictures.push(path);
    }
    assert.deepEqual(
      await readQrCodes(pictures),
      screens.map(() => USUAL_HANDOUT.uri),
    );

    const handouts = {
      usual: { ...USUAL_HANDOUT, recoveryCodes: TEN_CODES },
      "uncommon parameters": fullHandout("Example VPN", "exampleuser"),
      "long names": fullHandout("W".repeat(80), "W".repeat(116)),
      "the longest": fullHandout(
        "W".repeat(128),
        "W".repeat(256),
        "A".repeat(205),
      ),
      "the longest of all": fullHandout(
        "\u202e".repeat(42),
        "\u202e".repeat(85),
        "A".repeat(205),
      ),
      hostile: fullHandout(HOSTILE, HOSTILE),
    };
    for (const [name, handout] of Object.entries(handouts)) {
      await open(handout);
      await browser.screenshot({ width: 360 });
      assert.equal(
        await browser.evaluate("document.documentElement.scrollWidth"),
        360,
        `${name} on a phone`,
      );
      for (const [paper, [width, height]] of Object.entries(PAPERS)) {
        const pdf = `${directory.path}/sheet.pdf`;
        await Deno.writeFile(pdf, await browser.print(width, height));
        assert.match(
          await mustRun("pdfinfo", [pdf]),
          /^Pages: +1$/m,
          `${name} on ${paper}`,
        );
      }
    }
  },
);
