/**
 * `deno task release` makes in dist/release what is published (`release/release.ts`), with an empty
 * cache of Deno's. What is in the user's, Deno takes as it lies there: npm packages, of which the bill of
 * materials gives the lock file's sums, its base binary, and the bundler. Into an empty one it downloads
 * them, and compares the packages with the lock file.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const RELEASE = fileURLToPath(new URL("./release/release.ts", import.meta.url));

/** What ends a release before its time. It goes on to the release, which has more to remove. */
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** Gives the exit status. */
async function runRelease(cache: string): Promise<number> {
  const release = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", RELEASE, ...Deno.args],
    env: { DENO_DIR: cache },
  }).spawn();
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      try {
        release.kill(signal);
      } catch {
        // It has ended by itself.
      }
    });
  }
  return (await release.status).code;
}

const cache = Deno.makeTempDirSync({ prefix: "openvpn-totp-cache-" });
try {
  Deno.exitCode = await runRelease(cache);
} finally {
  Deno.removeSync(cache, { recursive: true });
}
Deno.exit();
