import type { EpochMs } from "../../core/epoch.ts";
import { type Exemption, isInForce } from "../../core/exemption.ts";
import type { Tone } from "../terminal/screen.ts";
import { instant, instantOrNull } from "../terminal/text.ts";

/** Whether an exemption holds, and when and where, for people. */
export function exemptionState(exemption: Exemption, now: EpochMs): { text: string; tone: Tone } {
  if (isInForce(exemption, now)) {
    return { text: `exempt ${whereAndWhen(exemption)}`, tone: "doubtful" };
  }
  const { since, until } = exemption;
  return until !== null && until <= now
    ? { text: `exemption ended ${instant(until)}`, tone: "quiet" }
    : { text: `exemption begins ${instant(since)}`, tone: "quiet" };
}

/** Where and until when an exemption holds, for people. */
export function whereAndWhen({ until, from }: Exemption): string {
  const where = from === null ? "from anywhere" : `from ${from}`;
  return until === null ? where : `${where} until ${instant(until)}`;
}

/** A user's exemption as programs read it: every field is null without one. */
export function exemptionAsJson(exemption: Exemption | null) {
  return {
    exemptSince: instantOrNull(exemption?.since ?? null),
    exemptUntil: instantOrNull(exemption?.until ?? null),
    exemptFrom: exemption?.from ?? null,
  };
}
