const ROOT = new URL("../../", import.meta.url);

/** Text of a file of the project, by its path from the project's root. */
export function readDocument(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

/** Whether the project has a file or directory at a path from its root. */
export async function hasFile(path: string): Promise<boolean> {
  try {
    await Deno.lstat(new URL(path, ROOT));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Paths of all pages that people read: those at the root, and in docs. */
export async function pages(): Promise<string[]> {
  const found: string[] = [];
  for (const directory of ["", "docs/"]) {
    for await (const { name } of Deno.readDir(new URL(directory, ROOT))) {
      if (name.endsWith(".md")) found.push(directory + name);
    }
  }
  return found.toSorted();
}
