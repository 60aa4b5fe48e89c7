import { dirname } from "node:path/posix";
import { gzipSync } from "node:zlib";
import { SCRIPTS } from "../../src/admin/commands/completion/scripts.ts";
import { serviceFiles } from "../../src/server_setup/units/service_files.ts";
import { programPage } from "../man_page/program_page.ts";
import { NAME } from "./about.ts";
import { appArmorLines } from "./apparmor.ts";
import { copyright } from "./copyright.ts";
import { type Document, documents, examples, read } from "./documents.ts";
import type { PackagedFile } from "./packaged_file.ts";
import type { Contents } from "./sbom.ts";

/** Where a format has what depends on it; the same in no two of them. */
export interface Places {
  program: string;
  /** Where each document is, and the examples in a directory `examples` beside them. */
  documents: string;
  /** The licence's and the copyright notices' directory. */
  licenses: string;
  zsh: string;
}

/** Debian's places; the copyright notices are one file among the documents. */
export const DEBIAN: Places = {
  program: "/usr/bin/openvpn-totp",
  documents: "/usr/share/doc/openvpn-totp",
  licenses: "/usr/share/doc/openvpn-totp",
  zsh: "/usr/share/zsh/vendor-completions/_openvpn-totp",
};

/** The places of distributions with rpm. */
export const RPM: Places = {
  ...DEBIAN,
  licenses: "/usr/share/licenses/openvpn-totp",
  zsh: "/usr/share/zsh/site-functions/_openvpn-totp",
};

/** What is installed from a package. */
export function packagedFiles(
  program: string,
  contents: Contents,
  places: Places,
): PackagedFile[] {
  const { documents: doc } = places;
  return [
    { path: places.program, content: { copyOf: program }, mode: 0o755 },
    { path: `/usr/share/man/man8/${NAME}.8.gz`, content: packed(page(contents, places.program)) },
    { path: `/usr/share/bash-completion/completions/${NAME}`, content: SCRIPTS.bash },
    { path: places.zsh, content: SCRIPTS.zsh },
    { path: `/usr/share/fish/vendor_completions.d/${NAME}.fish`, content: SCRIPTS.fish },
    {
      path: `/etc/fail2ban/filter.d/${NAME}.conf`,
      content: read(`fail2ban/filter.d/${NAME}.conf`),
      isConfiguration: true,
    },
    { path: `${places.licenses}/copyright`, content: copyright(contents) },
    ...below(doc, documents()),
    { path: `${doc}/apparmor-local-openvpn`, content: appArmorLines() },
    ...below(`${doc}/examples`, [...examples(), ...units(places.program)]),
  ];
}

/** What is in the archive, for whoever puts the files into their places by hand. */
export function archivedFiles(program: string, contents: Contents): PackagedFile[] {
  const installed = `/usr/local/bin/${NAME}`;
  return [
    { path: `/${NAME}`, content: { copyOf: program }, mode: 0o755 },
    { path: `/${NAME}.8`, content: page(contents, installed) },
    { path: `/completions/${NAME}.bash`, content: SCRIPTS.bash },
    { path: `/completions/_${NAME}`, content: SCRIPTS.zsh },
    { path: `/completions/${NAME}.fish`, content: SCRIPTS.fish },
    { path: "/LICENSE", content: read("LICENSE") },
    { path: "/copyright", content: copyright(contents) },
    ...below("", documents()),
    { path: "/apparmor-local-openvpn", content: appArmorLines() },
    ...below("/examples", [...examples(), ...units(installed)]),
    {
      path: `/examples/fail2ban/filter.d/${NAME}.conf`,
      content: read(`fail2ban/filter.d/${NAME}.conf`),
    },
  ];
}

/** The manual page, which names the program's path. */
function page({ date }: Contents, program: string): string {
  return programPage(date).replaceAll("/usr/local/bin/", `${dirname(program)}/`);
}

/**
 * The files that `setup --serve` writes for a server called `server`. They are examples, because the
 * service's unit names the servers, which are known at the set-up; and a packaged unit below
 * `/usr/lib` would never count, since `setup` writes the one in `/etc`.
 */
function units(program: string): Document[] {
  const servers = [{ socket: `/run/${NAME}/server.sock`, proxy: null }];
  return serviceFiles({ program, servers, writable: [] }).map(({ path, text }) => ({
    place: path.replace("/etc/", "").replace("systemd/system/", "systemd/"),
    content: new TextEncoder().encode(text),
  }));
}

/** Compressed, without a date and a name: the same text gives the same bytes. */
export function packed(text: string | Uint8Array): Uint8Array {
  return gzipSync(text, { level: 9 });
}

function below(directory: string, all: readonly Document[]): PackagedFile[] {
  return all.map(({ place, content }) => ({ path: `${directory}/${place}`, content }));
}
