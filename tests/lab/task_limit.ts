import { isFile } from "../../src/system/present_files.ts";
import { newName } from "./owner.ts";

/** Where the kernel's groups of processes may be made, in its older and its newer order. */
export const GROUP_PARENTS = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"];

/** Runs programs in a group that may have so many tasks at once, as systemd's TasksMax has it. */
export interface TaskLimit extends Disposable {
  /** A command that runs the program in its arguments within the group. */
  wrap: readonly string[];
}

/**
 * Limits the number of tasks.
 *
 * @throws Error where {@link canLimitTasks} says no
 */
export function limitTasks(most: number): TaskLimit {
  const group = makeGroup();
  if (group === null) throw new Error("no group of processes can be made");
  Deno.writeTextFileSync(`${group}/pids.max`, `${most}`);
  const enter = `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`;
  return { wrap: ["sh", "-c", enter], [Symbol.dispose]: () => Deno.removeSync(group) };
}

/** Says whether this machine lets its tasks be limited. */
export function canLimitTasks(): boolean {
  const group = makeGroup();
  if (group !== null) Deno.removeSync(group);
  return group !== null;
}

/** Makes a group whose tasks can be limited; null if that is not possible. */
function makeGroup(): string | null {
  for (const parent of GROUP_PARENTS) {
    const group = `${parent}/${newName()}`;
    try {
      Deno.mkdirSync(group);
      if (isFile(`${group}/pids.max`)) return group;
      Deno.removeSync(group);
    } catch {
      // Another order, or not ours to change.
    }
  }
  return null;
}
