import { dirname, resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import { readEffectiveConfig } from "../../../server_setup/configuration/effective_config.ts";
import type { Config } from "../../../server_setup/openvpn_config/directive.ts";
import { readConfig } from "../../../server_setup/openvpn_config/read_config.ts";
import { type EditedLine, editedText } from "../../../server_setup/setup/lines.ts";
import type { Unit } from "../../../server_setup/systemd/unit_file.ts";
import type { Original } from "../../../server_setup/setup/replace_file.ts";
import { decodeLatin1, encodeLatin1 } from "../../../text/latin1.ts";
import { quoted } from "../../../text/printable.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { differenceText, hasChanges } from "./difference.ts";

/** What becomes of a configuration; null twice where nothing would change. */
export interface Edited {
  content: Uint8Array | null;
  difference: string | null;
}

/** A configuration that is to be edited, but not written yet. */
export class ConfigText {
  /** One character for each byte. */
  readonly text: string;
  readonly config: Config;
  readonly #context: AdminContext;
  readonly #path: string;
  readonly #named: string;

  /**
   * @param named the configuration's path as it was given; `original` has no links in it
   * @throws Failure `config_error` if OpenVPN cannot read it
   */
  constructor(context: AdminContext, { path, content }: Original, named: string) {
    this.#context = context;
    this.#path = path;
    this.#named = named;
    this.text = decodeLatin1(content);
    this.config = this.read(this.text);
    if (this.config.error === null) return;
    const { file, line, message } = this.config.error;
    throw new Failure(
      "config_error",
      `OpenVPN cannot read ${quoted(file)}, line ${line}: ${message}: fix it first`,
    );
  }

  /** Reads another text as if it were in the configuration's place. */
  read(text: string): Config {
    // OpenVPN resolves relative paths from the directory of the link, not of the file it leads to.
    return readConfig(this.#path, {
      directory: dirname(this.#named),
      readFile: this.#readerWith(text),
    });
  }

  /** The configuration as an edit leaves it, with what the unit adds that starts OpenVPN. */
  started({ content }: Edited, unit: Unit | null): Config {
    const text = content === null ? this.text : decodeLatin1(content);
    return readEffectiveConfig(this.#named, unit, this.#readerWith(text));
  }

  /** Reads another text in the configuration's place. */
  #readerWith(text: string): (file: string) => Uint8Array {
    const read = configReader(this.#context);
    return (file) => realPath(file) === this.#path ? encodeLatin1(text) : read(file);
  }

  /** A test whether a path in the configuration leads to a program. */
  leadsTo(program: string): (path: string) => boolean {
    return (path) => realPath(resolve(this.config.directory, path)) === realPath(program);
  }

  /**
   * What the lines of an edit make of it.
   *
   * @param requireGood throws if the configuration as it would be is not good
   */
  edited(lines: readonly EditedLine[], requireGood: (after: Config) => void): Edited {
    if (!hasChanges(lines)) return { content: null, difference: null };
    const text = editedText(lines);
    requireGood(this.read(text));
    const difference = differenceText(this.#path, lines, this.config, this.#context.screen);
    return { content: encodeLatin1(text), difference };
  }
}

/** A path without links; null if nothing is there. */
export function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null;
  }
}
