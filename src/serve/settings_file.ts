import { readSettings, type ReadVariable, type Settings } from "../settings.ts";

/** The service's settings. */
export function readServiceSettings(_path: string | null, read: ReadVariable): Settings {
  return readSettings(read);
}
