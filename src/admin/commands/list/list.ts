import type { EpochMs } from "../../../core/epoch.ts";
import { readSpan } from "../../command_line/time.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { TableLayout } from "../../terminal/table.ts";
import { JsonArray } from "../../terminal/text.ts";
import { type ListedUser, matches, type UserFilter } from "../../users/listed_user.ts";
import { UserReader } from "../../users/read_users.ts";
import type { ListOptions } from "./options.ts";
import { UserOrder } from "./user_order.ts";
import { HEADINGS, userAsJson, userRow } from "./user_row.ts";

/**
 * `list`: the users who are enrolled or exempt, one per line. They are read some at a time, and written
 * at once. What has to be known of all of them before, the widths of columns and an order, is found out
 * by reading them twice.
 */
export async function list(
  context: AdminContext,
  { sort, reverse, idle, json: asksJson, ...filter }: ListOptions,
): Promise<void> {
  const asked: UserFilter = idle === undefined
    ? filter
    : { ...filter, idleMs: readSpan("--idle", idle) };
  const now = context.now();
  await withStore(context, { create: false }, async (store) => {
    const reader = await UserReader.on(store, now);
    const order = sort === "user" ? null : new UserOrder(sort, now);
    const isAsked = (user: ListedUser) => matches(user, asked, now);
    const inOrder = () => {
      const names = order?.names();
      if (names === undefined) return reader.all(reverse ? "descending" : "ascending");
      return reader.named(reverse ? names.reverse() : names);
    };
    if (asksJson) await writeJson(context, { reader, order, isAsked, inOrder });
    else await writeText(context, { reader, order, isAsked, inOrder }, now);
  });
}

/** The users who were asked for. */
interface AskedUsers {
  reader: UserReader;
  /** Null if they are sorted by username, as they are stored. */
  order: UserOrder | null;
  isAsked(user: ListedUser): boolean;
  /** Reads all users who may be asked for, in the end's order; once `order` has all of them. */
  inOrder(): AsyncIterable<ListedUser[]>;
}

async function writeJson(context: AdminContext, users: AskedUsers): Promise<void> {
  const { reader, order, isAsked, inOrder } = users;
  if (order !== null) {
    for await (const page of reader.all()) {
      for (const user of page.filter(isAsked)) order.add(user);
    }
  }
  const array = new JsonArray();
  for await (const page of inOrder()) {
    context.out(page.filter(isAsked).map((user) => array.next(userAsJson(user))).join(""));
  }
  context.out(array.end());
}

async function writeText(context: AdminContext, users: AskedUsers, now: EpochMs): Promise<void> {
  const { reader, order, isAsked, inOrder } = users;
  const layout = new TableLayout(HEADINGS, context.screen);
  let [all, asked] = [0, 0];
  for await (const page of reader.all()) {
    all += page.length;
    for (const user of page.filter(isAsked)) {
      asked++;
      layout.measure(userRow(user, now));
      order?.add(user);
    }
  }
  if (all === 0) return context.out("No user is enrolled.\n");
  if (asked === 0) return context.out(`No users match (${all} in total).\n`);
  context.out(layout.beginning());
  for await (const page of inOrder()) {
    context.out(page.filter(isAsked).map((user) => layout.row(userRow(user, now))).join(""));
  }
}
