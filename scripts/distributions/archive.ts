import { run } from "../../tests/lab/command.ts";

/** How long an archive may take to answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;

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

/** The address of the proxy that apt on this machine uses; null if it uses none. */
export async function proxyOfThisMachine(): Promise<string | null> {
  const ask = "apt-config dump --format %v Acquire::http::Proxy";
  const { stdout } = await run("sh", ["-c", ask]);
  return stdout === "" || stdout === "DIRECT" ? null : stdout;
}

/**
 * Says whether the archive can be reached.
 *
 * @param proxy the address of a proxy; null for that of the environment, if there is one
 * @throws Error if it answers, but does not have the suite
 */
export async function isReachable(
  archive: string,
  suite: string,
  proxy: string | null,
): Promise<boolean> {
  const address = new URL(`dists/${suite}/InRelease`, archive.replace(/\/*$/, "/"));
  const status = await statusOf(address, proxy);
  if (status === null) return false;
  if (status === 200) return true;
  throw new Error(`${address} answered with the status ${status}, expected 200`);
}

/** The status of the answer; null if none comes. */
async function statusOf(address: URL, proxy: string | null): Promise<number | null> {
  using client = Deno.createHttpClient(proxy === null ? {} : { proxy: { url: proxy } });
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    const { status, body } = await fetch(address, { method: "HEAD", client, signal });
    await body?.cancel();
    return status;
  } catch {
    return null;
  }
}
