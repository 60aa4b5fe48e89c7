/** A file that packages bring. */
export interface PackagedFile {
  /** Absolute, on the machine where it is installed. */
  path: string;
  content: string | Uint8Array | { copyOf: string };
  /** 0644 if not given. */
  mode?: number;
  /** Whether administrators change it, and an upgrade keeps their changes. */
  isConfiguration?: boolean;
}

/** The mode of every directory. */
const DIRECTORY_MODE = 0o755;

/**
 * Lays files out below a directory as they are installed, with modes and dates that depend on nothing
 * but the arguments.
 *
 * @param date in seconds since 1970
 */
export async function layOut(
  directory: string,
  files: readonly PackagedFile[],
  date: number,
): Promise<void> {
  for (const { path, content, mode = 0o644 } of files) {
    const place = `${directory}${path}`;
    await makeDirectories(directory, path);
    if (typeof content === "string") await Deno.writeTextFile(place, content, { createNew: true });
    else if (content instanceof Uint8Array) {
      await Deno.writeFile(place, content, { createNew: true });
    } else await Deno.copyFile(content.copyOf, place);
    await Deno.chmod(place, mode);
  }
  await dateAll(directory, date);
}

/** Makes a file's directories, with the same modes whatever the umask is. */
async function makeDirectories(directory: string, path: string): Promise<void> {
  let place = directory;
  await Deno.mkdir(place, { recursive: true });
  await Deno.chmod(place, DIRECTORY_MODE);
  for (const part of path.split("/").slice(1, -1)) {
    place += `/${part}`;
    await Deno.mkdir(place, { recursive: true });
    await Deno.chmod(place, DIRECTORY_MODE);
  }
}

async function dateAll(path: string, date: number): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) await dateAll(`${path}/${name}`, date);
    else await Deno.utime(`${path}/${name}`, date, date);
  }
  await Deno.utime(path, date, date);
}
