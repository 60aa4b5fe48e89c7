import { basename } from "node:path/posix";
import { removeAccount } from "./accounts.ts";
import { run } from "./command.ts";
import { deleteNamespace } from "./network.ts";
import { PAM_SERVICES } from "./pam_service.ts";
import { memoryDirectory } from "./program.ts";
import { reachablePlace } from "./reachable_place.ts";
import type { IsLeft } from "./owner.ts";
import { GROUP_PARENTS } from "./task_limit.ts";

/**
 * Removes what tests have left on the machine, beginning with processes, which may use the rest.
 * Another run may be removing the same things at this moment.
 */
export async function removeLeftovers(isLeft: IsLeft): Promise<void> {
  const directories = leftDirectories(isLeft);
  await endProcessesOf(directories);
  if (Deno.uid() === 0) {
    await removeNetworks(isLeft);
    for (const directory of directories) await unmountBelow(directory);
  }
  for (const directory of directories) await removeIfThere(directory);
  if (Deno.uid() === 0) {
    await removePamServices(isLeft);
    await removeTaskGroups(isLeft);
    await removeAccounts(isLeft);
  }
}

/** This user's files and directories in the places where tests make them. */
function leftDirectories(isLeft: IsLeft): string[] {
  const places = new Set([reachablePlace(), "/tmp", memoryDirectory()]);
  return [...places].filter((place) => place !== undefined).flatMap((place) =>
    namesIn(place).filter(isLeft).map((name) => `${place}/${name}`)
  ).filter(isOwn);
}

/** Says whether this user owns the file or directory. */
function isOwn(path: string): boolean {
  try {
    return Deno.lstatSync(path).uid === Deno.uid();
  } catch {
    return false;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch {
    // This happens on a machine without network namespaces or PAM, for example.
    return [];
  }
}

/** Ends the processes whose command line names something in one of the directories. */
async function endProcessesOf(directories: readonly string[]): Promise<void> {
  const pids = namesIn("/proc").filter((name) => /^\d+$/.test(name)).map(Number)
    .filter((pid) => {
      const words = commandLineOf(pid);
      return pid !== Deno.pid &&
        directories.some((directory) =>
          words.includes(`${directory}/`) || words.startsWith(titleOf(directory))
        );
    });
  const killed = pids.filter(isKilled);
  // A process that has ended has no command line, even while its parent has not waited for it.
  while (killed.some((pid) => commandLineOf(pid) !== "")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** How a PostgreSQL's children begin, which have their cluster's name, of 63 characters, for a command. */
function titleOf(directory: string): string {
  return `postgres: ${basename(directory)}/: `;
}

/** The command line; empty if there is no such process, or it has ended. */
function commandLineOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return "";
  }
}

/** Kills a process, unless it has ended or belongs to another user. */
function isKilled(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

async function removeNetworks(isLeft: IsLeft): Promise<void> {
  for (const name of namesIn("/run/netns").filter(isLeft)) {
    await deleteNamespace(name);
  }
}

async function unmountBelow(directory: string): Promise<void> {
  const points = (await Deno.readTextFile("/proc/self/mounts")).split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${directory}/`));
  for (const point of points.toReversed()) {
    await run("umount", ["--lazy", point]);
  }
}

async function removePamServices(isLeft: IsLeft): Promise<void> {
  for (const name of namesIn(PAM_SERVICES).filter(isLeft)) {
    await removeIfThere(`${PAM_SERVICES}/${name}`);
  }
}

/** Such a directory's files go with it, and cannot be removed one by one. */
async function removeTaskGroups(isLeft: IsLeft): Promise<void> {
  for (const parent of GROUP_PARENTS) {
    for (const name of namesIn(parent).filter(isLeft)) {
      await run("rmdir", [`${parent}/${name}`]);
    }
  }
}

async function removeAccounts(isLeft: IsLeft): Promise<void> {
  const names = (await Deno.readTextFile("/etc/passwd")).split("\n")
    .map((line) => line.split(":")[0]!);
  for (const name of names.filter(isLeft)) {
    await removeAccount(name);
  }
}
