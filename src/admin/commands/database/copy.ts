import { type DatabasePlace, placeText } from "../../../core/database_place.ts";
import { Failure } from "../../../core/failure.ts";
import type { Vault } from "../../../secrets/vault.ts";
import {
  COPIED_TABLES,
  type CopyFilling,
  type CopySource,
  openCopySource,
  openCopyTarget,
  type RowCounts,
} from "../../../store/open_store.ts";
import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
import { type AdminContext, namedVault } from "../../context.ts";
import { withOwnersRights } from "../../owners_rights.ts";
import { ProgressBar } from "../../terminal/progress_bar.ts";
import { requireYes } from "../../terminal/question.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";
import type { CopyOptions } from "./options.ts";
import { fileOf, placeOf } from "./place.ts";

/** `database copy`: copies a store into an empty one, of whatever engines they are: all or nothing. */
export async function copyDatabase(context: AdminContext, options: CopyOptions): Promise<void> {
  const from = placeOf("--from", options.from, context);
  const to = placeOf("--to", options.to, context);
  if (JSON.stringify(from) === JSON.stringify(to)) {
    throw new Failure("usage", "--from and --to are the same place");
  }
  const vault = namedVault(context);
  // The keys stay known whatever rights the rest is done with.
  await withOwnersRights(vault.path, () => Promise.resolve(vault.keyIds()));
  using source = await withOwnersRights(fileOf(from), () => openCopySource(from));
  const counts = await source.counts();
  if (!options.yes) ask(context, counts, to);
  await withOwnersRights(fileOf(to), async () => {
    using target = await openCopyTarget(to);
    await target.fill((filling) => copyAll({ source, filling, counts, vault }, context));
  });
  context.out(options.json ? json(resultOf(counts, vault)) : told({ from, to, counts, vault }));
}

function ask(context: AdminContext, counts: RowCounts, to: DatabasePlace): void {
  context.err(
    "What logins write to the source from now on is not in the copy: stop logins first, or let them " +
      "use the copy as soon as it is there.\n",
  );
  requireYes(context, `Copy ${whatOf(counts)} to ${placeText(to)}?`);
}

/** @throws Failure where the copy is not the same as the source */
async function copyAll(
  { source, filling, counts, vault }: {
    source: CopySource;
    filling: CopyFilling;
    counts: RowCounts;
    vault: Vault;
  },
  context: AdminContext,
): Promise<void> {
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  const bar = new ProgressBar(context, total);
  for (const table of COPIED_TABLES) {
    for await (const rows of source.rows(table)) {
      await filling.add(table, rows);
      bar.step(rows.length);
    }
  }
  requireSame(counts, await filling.counts());
  for await (const users of filling.secrets()) {
    for (const user of users) await vault.open(user);
  }
}

/** @throws Failure `database_error` */
function requireSame(expected: RowCounts, found: RowCounts): void {
  const other = [...expected].find(([name, count]) => found.get(name) !== count);
  if (other === undefined) return;
  const [name, count] = other;
  throw new Failure(
    "database_error",
    `the copy has ${found.get(name)} rows in ${name} instead of ${count}, so it was not kept`,
  );
}

/** For programs. */
function resultOf(counts: RowCounts, { path }: Vault): Printed<"database copy"> {
  return { users: counts.get("enrolments"), rows: Object.fromEntries(counts), keyFile: path };
}

function told({ from, to, counts, vault }: {
  from: DatabasePlace;
  to: DatabasePlace;
  counts: RowCounts;
  vault: Vault;
}): string {
  return `Copied ${whatOf(counts)} to ${printable(placeText(to))}; every secret there opens.\n` +
    `The key file ${printable(vault.path)} is not part of it: each server needs a copy of that.\n` +
    `What logins have written to ${
      printable(placeText(from))
    } since the copying began is not in the ` +
    "copy.\n";
}

function whatOf(counts: RowCounts): string {
  const users = counted(counts.get("enrolments") ?? 0, "user");
  return `${users} and ${counted(counts.get("decisions") ?? 0, "row")} of the audit trail`;
}
