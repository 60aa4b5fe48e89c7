import { isFile } from "../../src/system/present_files.ts";

/** Where Debian's packages put the programs of each version of PostgreSQL. */
const DEBIAN = "/usr/lib/postgresql";

/** Finds a program of PostgreSQL: that of the newest version that is installed, or the name itself. */
export function postgresBinary(name: string): string {
  const directories = [
    ...debianVersions().map((version) => `${DEBIAN}/${version}/bin`),
    ...(Deno.env.get("PATH") ?? "").split(":"),
  ];
  return directories.map((directory) => `${directory}/${name}`).find(isFile) ?? name;
}

/** The versions that are installed, with the newest first. */
function debianVersions(): number[] {
  try {
    return [...Deno.readDirSync(DEBIAN)].map((entry) => Number(entry.name))
      .filter(Number.isInteger).sort((a, b) => b - a);
  } catch {
    return [];
  }
}
