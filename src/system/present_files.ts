/** Says whether a path leads to a regular file; one that can't be looked at counts as missing. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Names in a directory that end in `.conf`, sorted; empty where the directory can't be read. */
export function confNamesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name)
      .filter((name) => name.endsWith(".conf")).sort();
  } catch {
    return [];
  }
}
