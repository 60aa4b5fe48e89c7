import { isFile } from "../src/system/present_files.ts";

/** Says whether there is a command of this name. */
export function isOnPath(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((place) => isFile(`${place}/${name}`));
}
