import { readSince } from "../../command_line/time.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { json, table } from "../../terminal/text.ts";
import { asCells, asJson, HEADS } from "./decision_rows.ts";
import type { LogOptions } from "./options.ts";

/** `log`: the audit trail, oldest first. */
export async function log(context: AdminContext, options: LogOptions): Promise<void> {
  const filter = {
    username: options.user,
    since: options.since === undefined ? undefined : readSince(options.since, context.now()),
    outcome: options.outcome,
  };
  if (options.follow) {
    const { follow } = await import("./follow.ts");
    return await follow(context, filter, options.json ?? false);
  }
  const batches = await withStore(
    context,
    { create: false },
    async (store) => await Array.fromAsync(store.decisions(filter)),
  );
  const decisions = batches.flat();
  if (options.json) context.out(json(decisions.map(asJson)));
  else if (decisions.length > 0) {
    // A decision is too long for most terminals; on one line it can be searched and compared.
    context.out(table(HEADS, decisions.map(asCells), { ...context.screen, columns: null }));
  } else {
    const isAll = Object.values(filter).every((value) => value === undefined);
    context.out(isAll ? "The audit trail is empty.\n" : "No decision matches.\n");
  }
}
