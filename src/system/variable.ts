import { openLibrary } from "./libraries.ts";
import { cString, type Memory } from "./memory.ts";

const VARIABLES = {
  getenv: {
    parameters: [
      "buffer", // const char *name
    ],
    result: "usize", // char *
  },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * A variable of the environment as bytes, which need not be UTF-8; null when unset.
 *
 * @throws Failure `library_missing`
 */
export function readVariableBytes(memory: Memory, name: string): Uint8Array<ArrayBuffer> | null {
  const { getenv } = openLibrary("libc.so.6", VARIABLES).symbols;
  return memory.readString(getenv(cString(name)));
}
