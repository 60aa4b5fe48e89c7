import type { ObjectOf } from "./documented.ts";
import { OF_MIGRATION } from "./migration.ts";
import { OF_SERVER } from "./server.ts";
import { OF_USERS } from "./users.ts";

/**
 * What each command prints with `--json`: for docs/scripts.md, and for the compiler, which has each
 * command print at least these fields. Programs read them, so a name never changes. Commands load no
 * text of it.
 */
export const JSON_FIELDS = { ...OF_USERS, ...OF_SERVER, ...OF_MIGRATION } as const;

/** A command that prints JSON. */
export type JsonCommand = keyof typeof JSON_FIELDS;

/** What a command prints, or each object of the list that it prints. */
export type Printed<Command extends JsonCommand> = ObjectOf<
  (typeof JSON_FIELDS)[Command]["fields"]
>;

/** What another option has a command print, too or instead. */
export type PrintedAlso<Command extends JsonCommand> = (typeof JSON_FIELDS)[Command] extends
  { also: infer Also } ? ObjectOf<Also[keyof Also]> : never;
