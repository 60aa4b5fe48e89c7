/**
 * Writes all bytes, in as many pieces as it takes.
 *
 * @throws Deno.errors.* when the system refuses
 */
export function writeAll(to: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += to.writeSync(bytes.subarray(written));
  }
}

/**
 * Writes all bytes to a connection, as fast as its reader takes them.
 *
 * @throws Deno.errors.* when the system refuses
 */
export async function writeAllAsync(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await to.write(bytes.subarray(written));
  }
}
