import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { gunzipSync } from "node:zlib";
import { archivedFiles, DEBIAN, packagedFiles, RPM } from "../../../../scripts/release/contents.ts";
import { asDebian } from "../../../../scripts/release/deb.ts";
import type { PackagedFile } from "../../../../scripts/release/packaged_file.ts";
import { packingOf } from "../../../lab/packages.ts";

const { contents, program } = packingOf("1.0.0", "/bin/true");

function textOf({ path, content }: PackagedFile): string {
  if (typeof content === "string") return content;
  if (!(content instanceof Uint8Array)) return "";
  const text = new TextDecoder().decode(path.endsWith(".gz") ? gunzipSync(content) : content);
  // A manual page has its dashes so.
  return text.replaceAll("\\-", "-");
}

for (const [format, places] of Object.entries({ DEBIAN, RPM })) {
  Deno.test(`what ${format}'s package brings names the program where it is`, () => {
    const files = packagedFiles(program, contents, places)
      .filter(({ path }) => !/\.md$|\/docs\/|\/changelog/.test(path));
    const names = (path: string) =>
      files.filter((file) => textOf(file).includes(path)).map((file) => file.path);
    const local = names("/usr/local/bin/openvpn-totp");
    assert.deepEqual(local, ["/usr/share/doc/openvpn-totp/apparmor-local-openvpn"]);
    const installed = names("/usr/bin/openvpn-totp");
    for (const end of ["openvpn-totp.8.gz", "openvpn-totp.service", "pam@.service", "-openvpn"]) {
      assert(installed.some((path) => path.endsWith(end)), end);
    }
  });

  Deno.test(`${format}'s package has each file once, and nothing that is run but the program`, () => {
    const files = packagedFiles(program, contents, places);
    const paths = files.map(({ path }) => path);
    assert.equal(new Set(paths).size, paths.length);
    assert.deepEqual(
      files.filter(({ mode }) => mode !== undefined).map(({ path, mode }) => [path, mode]),
      [[places.program, 0o755]],
    );
  });
}

const FORMATS = {
  DEBIAN: packagedFiles(program, contents, DEBIAN).map(asDebian),
  RPM: packagedFiles(program, contents, RPM),
  archive: archivedFiles(program, contents),
};

for (const [format, files] of Object.entries(FORMATS)) {
  Deno.test(`each link of the documents leads to a file (${format})`, () => {
    const paths = files.map(({ path }) => path);
    const links = files.filter(({ path }) => /\.md$|changelog\.gz$/.test(path)).flatMap((file) =>
      [...textOf(file).matchAll(/\]\(([^)\s:#]+)(?:#[^)\s]*)?\)|\bsrc="([^":]+)"/g)]
        .map(([, link, source]) => join(dirname(file.path), link ?? source!))
    );
    assert(links.length > 80, "the links were found");
    assert.deepEqual(links.filter((path) => !paths.includes(path)), []);
  });
}

Deno.test("the archive has all that the packages have", () => {
  const texts = archivedFiles(program, contents).map(({ path }) => path.split("/").at(-1));
  for (const { path } of packagedFiles(program, contents, RPM)) {
    const name = path.split("/").at(-1)!.replace(/\.gz$/, "");
    const isCompletion = path.includes("/bash-completion/");
    assert(texts.includes(isCompletion ? `${name}.bash` : name), path);
  }
});

Deno.test("the notices name each package in the program, and the runtime's parts", () => {
  const notices = packagedFiles(program, contents, DEBIAN)
    .find(({ path }) => path.endsWith("/copyright"))!;
  const text = textOf(notices);
  for (const name of ["@scope/some 1.2.3", "Deno", "V8", "SQLite", "Somebody"]) {
    assert(text.includes(name), name);
  }
});
