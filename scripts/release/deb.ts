import { createHash } from "node:crypto";
import { descriptionLines, NAME, OLDEST_GLIBC, OLDEST_OPENVPN, SUMMARY } from "./about.ts";
import { DEBIAN, packagedFiles, packed } from "./contents.ts";
import { POSTINST, POSTRM } from "./maintainer_scripts.ts";
import type { Names } from "./names.ts";
import { layOut, type PackagedFile } from "./packaged_file.ts";
import type { Packing } from "./packing.ts";
import { runTool } from "./run_tool.ts";

/** What needs another name or form for Debian's policy. */
const CHANGELOG = `${DEBIAN.documents}/CHANGELOG.md`;

/**
 * Makes the Debian package.
 *
 * @param directory an empty one
 * @param output the package's path
 */
export async function makeDeb(packing: Packing, directory: string, output: string): Promise<void> {
  const { program, contents, names, maintainer, compression } = packing;
  const files = [
    ...packagedFiles(program, contents, DEBIAN).map(asDebian),
    {
      path: `${DEBIAN.documents}/changelog.Debian.gz`,
      content: packed(changelog(names, maintainer, contents.date)),
    },
  ];
  const size = await sizeOf(files);
  await layOut(directory, [
    ...files,
    { path: "/DEBIAN/control", content: control(names, maintainer, size) },
    { path: "/DEBIAN/conffiles", content: conffiles(files) },
    { path: "/DEBIAN/postinst", content: POSTINST, mode: 0o755 },
    { path: "/DEBIAN/postrm", content: POSTRM, mode: 0o755 },
    { path: "/DEBIAN/md5sums", content: await sums(files) },
  ], contents.date);
  // Not zstd: only newer versions of Debian's tools read it.
  await runTool("dpkg-deb", [
    ...["--root-owner-group", "-Zgzip", `-z${compression}`, "--build", directory, output],
  ], { SOURCE_DATE_EPOCH: `${contents.date}` });
}

/** Debian has changelogs compressed, under a name of its own, to which links lead then. */
export function asDebian(file: PackagedFile): PackagedFile {
  const { path, content } = file;
  if (!path.endsWith(".md") || !(content instanceof Uint8Array)) return file;
  if (path === CHANGELOG) {
    return { path: `${DEBIAN.documents}/changelog.gz`, content: packed(content) };
  }
  const text = new TextDecoder().decode(content).replaceAll("CHANGELOG.md)", "changelog.gz)");
  return { ...file, content: text };
}

function control({ debian }: Names, maintainer: string, kibibytes: number): string {
  const description = descriptionLines().map((line) => ` ${line || "."}`).join("\n");
  return `Package: ${NAME}
Version: ${debian.version}
Architecture: ${debian.architecture}
Maintainer: ${maintainer}
Installed-Size: ${kibibytes}
Depends: libc6 (>= ${OLDEST_GLIBC}), libgcc-s1, libpam0g
Recommends: openvpn (>= ${OLDEST_OPENVPN})
Suggests: fail2ban
Section: net
Priority: optional
Description: ${SUMMARY}
${description}
`;
}

/** The packages' own changelog, whose form deb-changelog(5) has. */
function changelog({ debian, version }: Names, maintainer: string, date: number): string {
  const day = new Date(date * 1000).toUTCString().replace("GMT", "+0000");
  return `${NAME} (${debian.version}) unstable; urgency=medium

  * Version ${version}: see changelog.gz.

 -- ${maintainer}  ${day}
`;
}

function conffiles(files: readonly PackagedFile[]): string {
  return files.filter(({ isConfiguration }) => isConfiguration).map(({ path }) => `${path}\n`)
    .join("");
}

async function sums(files: readonly PackagedFile[]): Promise<string> {
  const lines = await Promise.all(
    files.filter(({ isConfiguration }) => !isConfiguration).map(
      async ({ path, content }) => {
        const sum = createHash("md5").update(await bytesOf(content)).digest("hex");
        return `${sum}  ${path.slice(1)}\n`;
      },
    ),
  );
  return lines.join("");
}

/** What a package takes on a disk, in KiB; each file takes whole ones (deb-substvars(5)). */
async function sizeOf(files: readonly PackagedFile[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async ({ content }) => Math.ceil((await bytesOf(content)).length / 1024)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function bytesOf(content: PackagedFile["content"]): Promise<Uint8Array> {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return content instanceof Uint8Array ? content : await Deno.readFile(content.copyOf);
}
