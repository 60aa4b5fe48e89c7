import type { Bundle } from "../build/bundle.ts";

/** An npm package that is part of the program. */
export interface Component {
  name: string;
  version: string;
  /** An SPDX identifier. */
  license: string;
  /** The licence's text as the package has it; null if it has none. */
  licenseText: string | null;
  /** Who wrote it, as the package says; null if it doesn't. */
  author: string | null;
  /** SHA-512 of the published package, in hexadecimal. */
  sha512: string;
  /** The names of the packages that it depends on. */
  dependencies: readonly string[];
}

/** What the lock file says of a package. */
interface Locked {
  integrity: string;
  dependencies?: readonly string[];
}

/** The lock file (version 5), as far as this reads it. */
interface Lock {
  npm: Record<string, Locked>;
}

/** An entry's key in the lock file: name, version, and versions of what it was resolved with. */
const KEY = /^((?:@[^/]+\/)?[^@]+)@([^_]+)/;

/**
 * The npm packages in the program: those that the bundle has modules of, and what they depend on by the
 * lock file, because a package's published modules may contain those.
 *
 * @param lock the text of deno.lock
 */
export async function componentsOf(bundle: Bundle, lock: string): Promise<Component[]> {
  const { npm }: Lock = JSON.parse(lock);
  const locked = new Map(
    Object.entries(npm).flatMap(([key, entry]) => {
      const [, name, version] = key.match(KEY) ?? [];
      return name === undefined || version === undefined ? [] : [[name, { version, ...entry }]];
    }),
  );
  const names = new Set(bundle.packages);
  for (const name of names) {
    for (const key of locked.get(name)?.dependencies ?? []) names.add(nameIn(key));
  }
  return await Promise.all(
    [...names].sort().map(async (name) => {
      const found = locked.get(name);
      if (found === undefined) {
        throw new Error(`deno.lock has no package ${name}, which is bundled`);
      }
      return { name, ...await describe(name, found, bundle.packageDirectory(name)) };
    }),
  );
}

/** A dependency's name, where the lock file has its version as well. */
function nameIn(key: string): string {
  return key.match(KEY)?.[1] ?? key;
}

async function describe(
  name: string,
  { version, integrity, dependencies = [] }: Locked & { version: string },
  directory: string,
): Promise<Omit<Component, "name">> {
  const about = JSON.parse(await Deno.readTextFile(`${directory}/package.json`));
  if (about.version !== version || typeof about.license !== "string") {
    throw new Error(
      `package.json of ${name} has version ${about.version} and license ${about.license}, ` +
        `expected ${version} and an SPDX identifier`,
    );
  }
  return {
    version,
    license: about.license,
    licenseText: await licenseText(directory),
    author: authorOf(about.author),
    sha512: Uint8Array.fromBase64(integrity.replace("sha512-", "")).toHex(),
    dependencies: dependencies.map(nameIn),
  };
}

async function licenseText(directory: string): Promise<string | null> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
  const file = names.sort().find((name) => /^licen[cs]e(\.md|\.txt)?$/i.test(name));
  return file === undefined ? null : await Deno.readTextFile(`${directory}/${file}`);
}

/** Name and address, in either form that package.json has. */
function authorOf(author: unknown): string | null {
  if (typeof author === "string") return author;
  const name = (author as { name?: unknown } | undefined)?.name;
  return typeof name === "string" ? name : null;
}
