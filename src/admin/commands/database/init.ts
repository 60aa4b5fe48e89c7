import { placeText, type PostgresPlace } from "../../../core/database_place.ts";
import { Failure } from "../../../core/failure.ts";
import { initSchema, type SchemaChange, schemaScript } from "../../../store/open_store.ts";
import { printable, quoted } from "../../../text/printable.ts";
import { type AdminContext, namedPlace } from "../../context.ts";
import { withOwnersRights } from "../../owners_rights.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";
import type { InitOptions } from "./options.ts";

/** `database init`: brings the schema of a database on a server up to date, or prints the SQL for it. */
export async function initDatabase(context: AdminContext, options: InitOptions): Promise<void> {
  if (options.print) return context.out(await script(context, options));
  if (options.from !== undefined) throw new Failure("usage", "--from needs --print");
  const place = serverOf(context);
  const change = await withOwnersRights(
    place.passFile,
    () => initSchema(place, options.role ?? null),
  );
  context.out(options.json ? json(resultOf(change)) : told(change, place));
}

/** @throws Failure `usage` */
async function script(context: AdminContext, { role, from }: InitOptions): Promise<string> {
  return await schemaScript(from === undefined ? 0 : readVersion(from), role ?? userOf(context));
}

function readVersion(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new Failure("usage", `--from is ${quoted(text)}, expected a whole number`);
}

/** Whoever runs the SQL is somebody else, so that the role has to be known. */
function userOf(context: AdminContext): string {
  const place = namedPlace(context);
  if (place.engine === "postgres") return place.user;
  throw new Failure("usage", "--print needs --role, the role that logins use");
}

function serverOf(context: AdminContext): PostgresPlace {
  const place = namedPlace(context);
  if (place.engine === "postgres") return place;
  throw new Failure(
    "usage",
    "database init is for a database on a PostgreSQL server: name it with --database or " +
      "totpDatabase (one in a file needs no such step)",
  );
}

/** For programs. */
function resultOf({ from, to, roles }: SchemaChange): Printed<"database init"> {
  return { changed: from !== to, from, to, roles };
}

function told({ from, to, roles }: SchemaChange, place: PostgresPlace): string {
  const where = placeText(place);
  const done = from === to
    ? `The tables in ${where} are up to date (version ${to}).\n`
    : from === 0
    ? `Made the tables in ${where} (version ${to}).\n`
    : `Brought the tables in ${where} from version ${from} to ${to}.\n`;
  return done +
    (roles.length > 0
      ? `Logins can use them as ${roles.map(printable).join(", ")}.\n`
      : "Only their owner can use them: if logins use another role, run this again with --role.\n");
}
