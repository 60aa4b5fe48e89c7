/** Says whether there is a file, or a link to one; what can't be looked at isn't there. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Names in a directory that end in `.conf`, sorted; none of a directory that can't be read. */
export function confNamesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name)
      .filter((name) => name.endsWith(".conf")).sort();
  } catch {
    return [];
  }
}
