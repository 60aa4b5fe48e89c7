import { fileURLToPath } from "node:url";

/** The repository. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What there is to read: files, or directories with all in them. */
const DOCUMENTS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs"];

/** Files for other programs, and where they are among the examples. */
const EXAMPLES: readonly (readonly [place: string, source: string])[] = [
  ["fail2ban/jail.d/openvpn-totp.conf", "fail2ban/jail.d/openvpn-totp.conf"],
  ["grafana/openvpn-totp.json", "grafana/openvpn-totp.json"],
];

/** A file and its place below a directory that is not decided here. */
export interface Document {
  place: string;
  content: Uint8Array;
}

/** The documents, in places that keep the links between them whole. */
export function documents(): Document[] {
  return DOCUMENTS.flatMap(filesAt);
}

/** The examples for other programs. */
export function examples(): Document[] {
  return EXAMPLES.map(([place, source]) => ({ place, content: read(source) }));
}

/**
 * Reads a file of the repository.
 *
 * @throws Error if it is a link, or no file
 */
export function read(path: string): Uint8Array<ArrayBuffer> {
  if (Deno.lstatSync(ROOT + path).isFile) return Deno.readFileSync(ROOT + path);
  throw new Error(`${path} is no plain file: it is not packaged`);
}

function filesAt(path: string): Document[] {
  if (!Deno.lstatSync(ROOT + path).isDirectory) return [{ place: path, content: read(path) }];
  return [...Deno.readDirSync(ROOT + path)].map(({ name }) => name).sort()
    .flatMap((name) => filesAt(`${path}/${name}`));
}
