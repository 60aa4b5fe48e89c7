import { mustRun } from "../../tests/lab/command.ts";

/** The caller's variables that do not change what a tool makes. */
const KEPT = ["PATH", "TMPDIR"];

/**
 * Runs a tool that makes a file of a release. It gets few variables, because others, such as
 * `TAR_OPTIONS`, would change the file.
 *
 * @throws Error if it fails
 */
export async function runTool(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const kept = KEPT.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  await mustRun(command, args, {
    clearEnv: true,
    env: { ...Object.fromEntries(kept), LC_ALL: "C.UTF-8", ...env },
  });
}
