import type { BaseRecord } from "../../src/admin/build_record.ts";

/** A base binary ("denort") that `deno compile` can append a program to. */
export interface Base extends BaseRecord {
  /** Where it is. */
  path: string;
}

/** The architectures that can be built for, in Rust's names. */
export const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] as const;

/** One of {@link TARGETS}. */
export type Target = typeof TARGETS[number];

/**
 * Reads the name of a target.
 *
 * @param name undefined for this machine's
 * @throws Error if it is none of {@link TARGETS}
 */
export function targetOf(name: string = Deno.build.target): Target {
  const target = TARGETS.find((one) => one === name);
  if (target !== undefined) return target;
  throw new Error(`--target is "${name}", expected ${TARGETS.join(" or ")}`);
}

/** SHA-256 in hexadecimal. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
