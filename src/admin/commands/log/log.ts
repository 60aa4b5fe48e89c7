import type { AuditRow } from "../../../core/decision.ts";
import { quoted } from "../../../text/printable.ts";
import { readSince } from "../../command_line/time.ts";
import { type AdminContext, withStore } from "../../context.ts";
import type { Screen, Tone } from "../../terminal/screen.ts";
import { instant, json, table } from "../../terminal/text.ts";
import type { LogOptions } from "./options.ts";

const TONES: Record<AuditRow["outcome"], Tone> = {
  challenged: "quiet",
  accepted: "good",
  refused: "bad",
  unchanged: "quiet",
};

const HEADS = ["TIME", "STEP", "OUTCOME", "REASON", "USER", "ADDRESS", "COMMON NAME", "DETAIL"];

/** `log`: the audit trail, oldest first. */
export async function log(context: AdminContext, options: LogOptions): Promise<void> {
  const filter = {
    username: options.user,
    since: options.since === undefined ? undefined : readSince(options.since, context.now()),
    outcome: options.outcome,
  };
  const batches = await withStore(
    context,
    { create: false },
    async (store) => await Array.fromAsync(store.decisions(filter)),
  );
  const decisions = batches.flat();
  if (options.json) context.out(json(decisions.map(asJson)));
  else if (decisions.length > 0) context.out(asText(decisions, context.screen));
  else {
    const isAll = Object.values(filter).every((value) => value === undefined);
    context.out(isAll ? "The audit trail is empty.\n" : "No decision matches.\n");
  }
}

function asText(decisions: readonly AuditRow[], screen: Screen): string {
  const rows = decisions.map((decision) => [
    instant(decision.at),
    decision.step,
    { text: decision.outcome, tone: TONES[decision.outcome] },
    reasonOf(decision),
    asWord(decision.loginName),
    asWord(decision.address),
    asWord(decision.commonName),
    asWord(decision.detail),
  ]);
  // A decision is too long for most terminals; on one line it can be searched and compared.
  return table(HEADS, rows, { ...screen, columns: null });
}

/** Why, and how often where one row stands for many. */
function reasonOf({ reason, by, count, lastAt }: AuditRow): string {
  const why = reason ?? by ?? "-";
  return count === 1 ? why : `${why} (${count} times until ${instant(lastAt)})`;
}

/** A client's own words, so that they can't be taken for another column. */
function asWord(text: string | null): string {
  if (text === null) return "-";
  return /^[^\s"\\-][^\s"\\]*$/.test(text) ? text : quoted(text);
}

function asJson({ at, loginName, by, ...decision }: AuditRow) {
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
