import { run } from "../../tests/lab/command.ts";

/**
 * The address of Debian's archive that apt on this machine uses.
 *
 * @throws Error if apt uses none
 */
export async function archiveOfThisMachine(): Promise<string> {
  const format = "$(REPO_URI) $(ORIGIN) $(LABEL)";
  const { stdout } = await run("apt-get", ["indextargets", "--format", format]);
  const isDebian = / Debian Debian$/;
  const line = stdout.split("\n").find((line) => isDebian.test(line));
  if (line !== undefined) return line.replace(isDebian, "");
  throw new Error(
    "apt on this machine names no archive of Debian: run apt-get update, or give one (--mirror URL)",
  );
}

/**
 * Says whether the archive can be reached.
 *
 * @throws Error if it answers, but does not have the suite
 */
export async function isReachable(archive: string, suite: string): Promise<boolean> {
  const address = new URL(`dists/${suite}/InRelease`, archive.replace(/\/*$/, "/"));
  let status: number;
  try {
    const response = await fetch(address, { method: "HEAD" });
    status = response.status;
    await response.body?.cancel();
  } catch {
    return false;
  }
  if (status === 200) return true;
  throw new Error(`${address} answered with the status ${status}, expected 200`);
}
