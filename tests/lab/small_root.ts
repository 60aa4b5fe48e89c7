import { mustRun } from "./command.ts";
import { packingOf } from "./packages.ts";

/** What the packages' scripts run. */
const COMMANDS = ["/bin/sh", "/bin/rm"];

/** What the packages depend on, as dpkg knows installed packages. */
const INSTALLED = ["libc6", "libgcc-s1", "libpam0g"];

/**
 * Makes a root directory with as much in it as packages need to be installed there: a shell, and
 * dpkg's records, by which all that is needed is installed.
 *
 * @param root an empty directory
 */
export async function makeSmallRoot(root: string): Promise<void> {
  for (const directory of ["dev", "etc", "tmp", "var/lib/dpkg/info", "var/lib/dpkg/updates"]) {
    await Deno.mkdir(`${root}/${directory}`, { recursive: true });
  }
  await mustRun("mknod", [`${root}/dev/null`, "c", "1", "3"]);
  for (const command of COMMANDS) await copyWithLibraries(command, root);
  const { architecture } = packingOf("1.0.0", "").names.debian;
  const records = INSTALLED.map((name) =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: ${architecture}\n` +
    "Multi-Arch: same\n" +
    "Maintainer: a test <a@test.invalid>\nVersion: 99\nDescription: a test's\n"
  );
  await Deno.writeTextFile(`${root}/var/lib/dpkg/status`, records.join("\n"));
}

async function copyWithLibraries(command: string, root: string): Promise<void> {
  const libraries = (await mustRun("ldd", [command])).match(/\/\S+/g) ?? [];
  for (const path of [command, ...libraries]) {
    await mustRun("install", ["-D", await Deno.realPath(path), `${root}${path}`]);
  }
}
