import { openLibrary } from "./libraries.ts";
import { cString } from "./memory.ts";

const ATTRIBUTES = {
  getxattr: {
    parameters: [
      "buffer", // const char *path
      "buffer", // const char *name
      "buffer", // void *value
      "usize", // size_t size
    ],
    result: "isize", // ssize_t
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** More bytes than a label has. */
const MAX_BYTES = 4096;

/**
 * The SELinux label of a file, such as `system_u:object_r:bin_t:s0` (getxattr(2)).
 *
 * @param path without NUL; links are followed, as they are where a label counts
 * @returns null if there is no such file, or it has no label
 * @throws Failure `library_missing`
 */
export function labelOf(path: string): string | null {
  const { symbols: { getxattr }, close } = openLibrary("libc.so.6", ATTRIBUTES);
  const value = new Uint8Array(MAX_BYTES);
  const length = getxattr(cString(path), cString("security.selinux"), value, BigInt(MAX_BYTES));
  close();
  if (length < 0n) return null;
  return new TextDecoder().decode(value.subarray(0, Number(length))).replace(/\0.*$/s, "");
}
