import type { AuditRow } from "../../../core/decision.ts";
import type { DecisionFilter } from "../../../store/store.ts";
import type { AdminContext } from "../../context.ts";
import { fixedRow } from "../../terminal/table.ts";
import { jsonLine } from "../../terminal/text.ts";
import { asJson, asNews, HEADS } from "./decision_rows.ts";
import { endSignal } from "./end_signal.ts";
import { FollowedTrail } from "./followed_trail.ts";

/** How often the database is looked at, in milliseconds. */
const POLL_MS = 500;

/** Columns as wide as what they usually have; a longer text moves the rest of its own line. */
const WIDTHS = [20, 8, 10, 21, 16, 15, 16, 0];

/**
 * `log --follow`: the decisions that match, then each new one when it has been committed, until a
 * signal comes or the reader has gone.
 */
export async function follow(
  context: AdminContext,
  filter: DecisionFilter,
  isJson: boolean,
): Promise<void> {
  using end = endSignal(["SIGINT", "SIGTERM"]);
  using trail = new FollowedTrail(context, filter);
  const heads = HEADS.map((text) => ({ text, tone: "heading" as const }));
  const lineOf = (row: AuditRow) =>
    isJson ? jsonLine(asJson(row)) : fixedRow(asNews(row), WIDTHS, context.screen);
  let rows = await trail.next();
  if (!isJson) await end.orEnd(context.outAsync(fixedRow(heads, WIDTHS, context.screen)));
  while (!end.isReached) {
    if (rows.length === 0) await end.within(POLL_MS);
    else await end.orEnd(context.outAsync(rows.map(lineOf).join("")));
    if (!end.isReached) rows = await trail.next();
  }
}
