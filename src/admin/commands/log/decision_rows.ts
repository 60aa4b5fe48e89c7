import type { AuditRow } from "../../../core/decision.ts";
import { quoted } from "../../../text/printable.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import type { Tone } from "../../terminal/screen.ts";
import type { Cell } from "../../terminal/table.ts";
import { instant } from "../../terminal/text.ts";

/** The headings of {@link asCells}. */
export const HEADS = [
  "TIME",
  "STEP",
  "OUTCOME",
  "REASON",
  "USER",
  "ADDRESS",
  "COMMON NAME",
  "DETAIL",
];

const TONES: Record<AuditRow["outcome"], Tone> = {
  challenged: "quiet",
  accepted: "good",
  refused: "bad",
  unchanged: "quiet",
};

/** A decision in a table: its first moment, and with the reason, how often it came. */
export function asCells(decision: AuditRow): (string | Cell)[] {
  const { at, count, lastAt, detail } = decision;
  const times = count === 1 ? "" : ` (${count} times until ${instant(lastAt)})`;
  return cellsOf(decision, at, { reason: times, detail: asWord(detail) });
}

/**
 * A decision that is told as it comes: its last moment, and at the line's end how often it came, since
 * the columns before have fixed widths.
 */
export function asNews(decision: AuditRow): (string | Cell)[] {
  const { at, count, lastAt, detail } = decision;
  const times = count === 1 ? "" : ` (${count} times since ${instant(at)})`;
  return cellsOf(decision, lastAt, { reason: "", detail: asWord(detail) + times });
}

function cellsOf(
  decision: AuditRow,
  at: number,
  { reason, detail }: { reason: string; detail: string },
): (string | Cell)[] {
  return [
    instant(at),
    decision.step,
    { text: decision.outcome, tone: TONES[decision.outcome] },
    (decision.reason ?? decision.by ?? "-") + reason,
    asWord(decision.loginName),
    asWord(decision.address),
    asWord(decision.commonName),
    detail,
  ];
}

/** A client's own words, so that they can't be taken for another column. */
function asWord(text: string | null): string {
  if (text === null) return "-";
  return /^[^\s"\\-][^\s"\\]*$/.test(text) ? text : quoted(text);
}

/** A decision for programs. */
export function asJson({ at, loginName, by, ...decision }: AuditRow): Printed<"log"> {
  const { username, address, commonName, step, outcome, reason, detail, count, lastAt } = decision;
  return {
    time: instant(at),
    step,
    outcome,
    reason,
    by,
    user: loginName,
    enrolledUser: username,
    address,
    commonName,
    detail,
    count,
    lastTime: instant(lastAt),
  };
}
