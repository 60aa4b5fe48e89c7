import { type Refused, refusedInWait } from "../core/verdict.ts";
import type { LoginParts } from "./login_parts.ts";
import type { PlaceThrottle, Whose } from "./place_throttle.ts";

/**
 * Refuses an attempt whose place must wait. That costs a read and leaves no trace in the audit trail,
 * as what caused the wait is there: otherwise a flood would fill the trail, and keep others waiting.
 *
 * @returns null if there is no wait
 */
export async function refusalInWait(
  throttle: PlaceThrottle,
  { store, now }: Pick<LoginParts, "store" | "now">,
  whose: Whose = "all",
): Promise<Refused | null> {
  const { seconds, isFromFuture } = await throttle.wait(store, now(), whose);
  if (seconds === 0) return null;
  if (isFromFuture) {
    await store.transaction((records) => throttle.restartWaits(records, now()));
  }
  return refusedInWait(seconds);
}
