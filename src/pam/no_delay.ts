import type { Address } from "../system/memory.ts";

/**
 * A PAM_FAIL_DELAY function that doesn't delay (pam_fail_delay(3)): libpam calls it instead of
 * sleeping, which would hold up the traffic of all clients.
 *
 * @returns its address, which stays valid until the process ends
 */
export function noDelay(): Address {
  // void delay_fn(int retval, unsigned usec_delay, void *appdata_ptr)
  const callback = new Deno.UnsafeCallback(
    { parameters: ["i32", "u32", "usize"], result: "void" },
    () => {},
  );
  return Deno.UnsafePointer.value(callback.pointer);
}
