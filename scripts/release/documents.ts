import { dirname, join } from "node:path/posix";
import { ROOT } from "../root.ts";

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

/** A link to a file, and not to another site. */
const LINK = /\[([^\][]+)\]\(([^)\s:#]+)(?:#[^)\s]*)?\)/g;

/**
 * The documents, in places that keep the links between them whole. Links to what is not among them, such
 * as sources, become plain text.
 *
 * @throws Error if a file has a name that a package's list of files could not have as it is
 */
export function documents(): Document[] {
  const all = DOCUMENTS.flatMap(filesAt);
  const places = new Set(all.map(({ place }) => place));
  return all.map(({ place, content }) => ({
    place,
    content: place.endsWith(".md") ? withLinksTo(places, place, content) : content,
  }));
}

function withLinksTo(places: Set<string>, page: string, content: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(content).replace(
    LINK,
    (link, words, target) => places.has(join(dirname(page), target)) ? link : words,
  );
  return new TextEncoder().encode(text);
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
  if (!/(^|\/)\w[\w.-]*$/.test(path)) {
    throw new Error(
      `${path} is not packaged: a document's name has letters, digits, _, . and -, and begins with ` +
        "neither . nor -",
    );
  }
  if (!Deno.lstatSync(ROOT + path).isDirectory) return [{ place: path, content: read(path) }];
  return [...Deno.readDirSync(ROOT + path)].map(({ name }) => name).sort()
    .flatMap((name) => filesAt(`${path}/${name}`));
}
