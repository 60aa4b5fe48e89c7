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
