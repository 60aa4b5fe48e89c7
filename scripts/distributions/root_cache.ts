import { fileURLToPath } from "node:url";
import { DAY_MS } from "../../src/core/epoch.ts";
import { mustRun } from "../../tests/lab/command.ts";
import { isThere } from "../is_there.ts";
import type { TestRun } from "../test_run.ts";
import { isReachable, proxyOfThisMachine } from "./archive.ts";
import { DISTRIBUTIONS, PACKAGES } from "./roots.ts";

const MAKE = fileURLToPath(new URL("./make.sh", import.meta.url));

/** The variable that names where the roots are kept. */
const PLACE_VARIABLE = "OVTOTP_ROOTS";

/** After as many days, a root is made anew. */
const KEPT_DAYS = 7;

/** In a whole root, the packages that it was made with. */
const STAMP = "root/packages-of-openvpn-totp";

/** The roots of distributions, which are kept from one run to the next. */
export class RootCache {
  /** An empty directory to mount a root on, in namespaces where nobody else sees it. */
  readonly stage: string;
  readonly #place: string;

  constructor(place = placeOfThisUser()) {
    this.#place = place;
    this.stage = `${place}/stage`;
  }

  /**
   * Has a root ready, and keeps other runs from changing it while this process runs.
   *
   * @param run what a signal to this process ends
   * @param archive gives the archive's address if it is needed; it may throw
   * @param isFresh whether to make the root anew in any case
   * @returns the root's path; null if there is none, and the archive can't be reached
   * @throws Error if it can't be made
   */
  async ready(
    suite: string,
    run: TestRun,
    archive: () => Promise<string>,
    isFresh: boolean,
  ): Promise<string | null> {
    await Deno.mkdir(this.stage, { recursive: true });
    const root = `${this.#place}/${suite}`;
    const lock = await Deno.open(`${root}.lock`, { create: true, write: true });
    await lock.lock(false);
    if (isFresh || !isWhole(root, KEPT_DAYS)) {
      await lock.unlock();
      await lock.lock(true);
      // Another run may have made it meanwhile.
      if (isFresh || !isWhole(root, KEPT_DAYS)) {
        const address = await archive();
        if (await isReachable(address, suite, await proxyOfThisMachine())) {
          await make(run, root, suite, address);
        }
      }
      await lock.unlock();
      await lock.lock(false);
    }
    return isWhole(root, Infinity) ? root : null;
  }

  /** Removes what it has made, each root once no other run uses it; nothing else. */
  async remove(): Promise<void> {
    for (const { suite } of DISTRIBUTIONS) {
      const root = `${this.#place}/${suite}`;
      if (!isThere(`${root}.lock`)) continue;
      using lock = await Deno.open(`${root}.lock`, { write: true });
      await lock.lock(true);
      for (const end of ["", ".part", ".part.log", ".lock"]) await removeTree(`${root}${end}`);
    }
    for (const directory of [this.stage, this.#place]) {
      // One that is not empty has something of somebody else in it.
      await Deno.remove(directory).catch(() => {});
    }
  }
}

function placeOfThisUser(): string {
  const { HOME, XDG_CACHE_HOME, [PLACE_VARIABLE]: place } = Deno.env.toObject();
  return place ?? `${XDG_CACHE_HOME ?? `${HOME}/.cache`}/openvpn-totp/roots`;
}

/** Says whether there is a root with today's packages in it that is not too old. */
function isWhole(root: string, days: number): boolean {
  try {
    const stamp = `${root}/${STAMP}`;
    const { mtime } = Deno.statSync(stamp);
    return Deno.readTextFileSync(stamp) === PACKAGES.join(" ") &&
      Date.now() - mtime!.getTime() < days * DAY_MS;
  } catch {
    return false;
  }
}

/** Makes a root beside the old one, which stays if that fails. */
async function make(run: TestRun, root: string, suite: string, archive: string): Promise<void> {
  const part = `${root}.part`;
  await removeTree(part);
  const log = `${part}.log`;
  const command = 'log=$1; shift; exec "$@" >"$log" 2>&1';
  const args = [suite, part, archive, ...PACKAGES];
  const isMade = await run.command("sh", ["-c", command, "sh", log, MAKE, ...args]);
  if (!isMade) {
    const end = await mustRun("tail", ["-n", "20", log]);
    throw new Error(`the root of ${suite} could not be made (${log}):\n${end}`);
  }
  await Deno.writeTextFile(`${part}/${STAMP}`, PACKAGES.join(" "));
  await removeTree(root);
  await Deno.rename(part, root);
  await removeTree(log);
}

/** Removes files and directories, but nothing that is mounted below. */
async function removeTree(path: string): Promise<void> {
  await mustRun("rm", ["-rf", "--one-file-system", path]);
}
