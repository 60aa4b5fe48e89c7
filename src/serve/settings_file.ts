import { readSettings, type ReadVariable, type Settings } from "../settings.ts";

/** For now. */
export function readServiceSettings(_path: string | null, read: ReadVariable): Settings {
  return readSettings(read);
}
