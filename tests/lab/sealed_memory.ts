import { PROGRAM, writeScript } from "./program.ts";

/** PR_SET_MDWE, with PR_MDWE_REFUSE_EXEC_GAIN, then the program in the arguments (prctl(2)). */
const SEAL = `
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:
    sys.exit("this kernel has no PR_SET_MDWE")
os.execvpe(sys.argv[1], sys.argv[1:], os.environ)
`;

/**
 * A command that runs the program given in its arguments so that no memory can become executable
 * that is or was writable, as under a unit's MemoryDenyWriteExecute.
 */
export const WITH_SEALED_MEMORY: readonly string[] = ["python3", "-I", "-c", SEAL];

/** Says whether this machine's kernel can do that (Linux 6.3). */
export function canSealMemory(): boolean {
  const [command = "", ...args] = WITH_SEALED_MEMORY;
  try {
    return new Deno.Command(command, { args: [...args, "true"] }).outputSync().success;
  } catch {
    // There is no python3.
    return false;
  }
}

/**
 * Makes a file that runs the program under test like that.
 *
 * @returns the file's path
 */
export async function sealedProgram(directory: string): Promise<string> {
  const path = `${directory}/sealed`;
  const words = [...WITH_SEALED_MEMORY, PROGRAM].map((word) => `'${word}'`);
  await writeScript(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  return path;
}
