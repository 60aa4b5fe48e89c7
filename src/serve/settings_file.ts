import { Failure } from "../core/failure.ts";
import { SETTINGS_FILE } from "../service_options.ts";
import { readSettings, type ReadVariable, type Settings } from "../settings.ts";
import { parseSettingsFile } from "../settings_file.ts";
import { readBoundedFile } from "../system/bounded_file.ts";
import { followTrusted } from "../system/trusted_path.ts";
import { messageOf } from "../text/message_of.ts";
import { readUtf8 } from "../text/utf8.ts";

/** Many times what all settings need. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads the service's settings: from its file, and from the environment, which wins.
 *
 * @param path null: {@link SETTINGS_FILE}, if there is such a file
 * @throws Failure `bad_setting` for an unknown name or a value that is not allowed; `untrusted_path`
 *   if another user could have written the file; `file_error`
 */
export function readServiceSettings(path: string | null, read: ReadVariable): Settings {
  const values = readFile(path);
  return readSettings((name) => read(name) ?? values.get(name));
}

function readFile(given: string | null): Map<string, string> {
  const path = given ?? SETTINGS_FILE;
  try {
    const file = followTrusted(path);
    if (file.info === null && given === null) return new Map();
    const text = readUtf8(readBoundedFile(file.path, MAX_BYTES));
    if (text === null) throw new Failure("bad_setting", `${path} is not valid UTF-8`);
    return parseSettingsFile(text, path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("file_error", `cannot read the settings' file ${path}: ${messageOf(error)}`);
  }
}
