import { RECOVERY_ALPHABET, RECOVERY_LENGTH } from "../../core/code.ts";
import type { RandomBytes } from "../context.ts";

/** How many recovery codes a user gets. */
const COUNT = 10;

/** New recovery codes, without their dashes. */
export function newRecoveryCodes(randomBytes: RandomBytes): string[] {
  return Array.from({ length: COUNT }, () => newCode(randomBytes));
}

/** 5 bits of each random byte choose a character. */
function newCode(randomBytes: RandomBytes): string {
  return Array.from(
    randomBytes(RECOVERY_LENGTH),
    (byte) => RECOVERY_ALPHABET[byte % RECOVERY_ALPHABET.length],
  ).join("");
}
