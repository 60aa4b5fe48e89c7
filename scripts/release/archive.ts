import { archivedFiles } from "./contents.ts";
import { layOut } from "./packaged_file.ts";
import type { Packing } from "./packing.ts";
import { runTool } from "./run_tool.ts";

/**
 * Makes the archive for systems without packages of ours.
 *
 * @param directory an empty one
 * @param output the archive's path, which ends in `.tar.gz`
 */
export async function makeArchive(
  packing: Packing,
  directory: string,
  output: string,
): Promise<void> {
  const { contents, program, names, compression } = packing;
  await layOut(`${directory}/${names.directory}`, archivedFiles(program, contents), contents.date);
  const tar = output.replace(/\.gz$/, "");
  await runTool("tar", [
    ...["--create", "--file", tar, "--format=ustar", "--sort=name"],
    ...["--owner=root:0", "--group=root:0", `--mtime=@${contents.date}`],
    ...["--directory", directory, names.directory],
  ]);
  await runTool("gzip", ["--no-name", `-${compression}`, tar]);
}
