import { resolve } from "node:path/posix";
import type { DatabasePlace } from "../../../core/database_place.ts";
import { checkSetting, readDatabasePlace, SETTINGS } from "../../../settings.ts";
import { type AdminContext, passFileOf } from "../../context.ts";

/**
 * Reads a place that an option names: a `postgres://` URL, or a file's path.
 *
 * @throws Failure `usage`, `bad_setting`
 */
export function placeOf(option: string, text: string, context: AdminContext): DatabasePlace {
  if (!/^postgres(ql)?:/.test(text)) {
    const path = text === "" ? "" : resolve(text);
    return { engine: "sqlite", path: checkSetting(SETTINGS.tokenDbPath, option, path) };
  }
  checkSetting(SETTINGS.database, option, text);
  const read = (name: string) => name === SETTINGS.database.name ? text : context.read(name);
  return readDatabasePlace(read, passFileOf(context));
}

/** The file whose owner's rights a place is opened with; null for none. */
export function fileOf(place: DatabasePlace): string | null {
  return place.engine === "sqlite" ? place.path : place.passFile;
}
