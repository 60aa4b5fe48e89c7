/**
 * Makes sure that a log may be written to a path: nothing is there yet, or a regular file that no other
 * user's link leads to. Opening a named pipe would block.
 *
 * @throws Error that says what is there instead
 */
export function requireLogFile(path: string): void {
  if (!isFileOrMissing(path)) throw new Error(`${path} is not a regular file`);
}

function isFileOrMissing(path: string): boolean {
  try {
    const { isSymlink, uid } = Deno.lstatSync(path);
    if (isSymlink && uid !== 0 && uid !== Deno.uid()) {
      throw new Error(`${path} is a symbolic link that belongs to another user`);
    }
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
