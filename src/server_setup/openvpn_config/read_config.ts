import { messageOf } from "../../text/message_of.ts";
import { ConfigReader, type ReadOptions } from "./config_reader.ts";
import { ConfigStop } from "./config_stop.ts";
import { bareName, type Config, makeDirective, type Place } from "./directive.ts";
import { MAX_WORDS } from "./parse_line.ts";

export type { ReadFile } from "./config_reader.ts";

/**
 * Reads a configuration and the files that it includes (`config`), as read_config_file() in
 * OpenVPN's options.c does. It does not check whether options exist and have valid values.
 *
 * It is written by hand because the format is OpenVPN's own: a line that is read differently would
 * be an edit in the wrong place. Its tests compare it with OpenVPN itself.
 */
export function readConfig(path: string, options: ReadOptions): Config {
  return collect(path, options, (reader) => reader.include(path, { file: path, line: 1 }));
}

/**
 * Reads a command line, as parse_argv() in OpenVPN's options.c does, and the configurations that it
 * names.
 *
 * @param args without the program's name
 * @param source the place that the directives are said to be in
 */
export function readCommandLine(
  args: readonly string[],
  source: Place,
  options: ReadOptions,
): Config {
  return collect(source.file, options, (reader) => {
    const [only = ""] = args;
    if (args.length === 1 && !only.startsWith("--")) {
      return reader.apply(makeDirective(["config", only], source), 0);
    }
    for (const [name = "", ...words] of optionsIn(args)) {
      reader.apply(makeDirective([bareName(name), ...words], source), 0);
    }
  });
}

/** Splits arguments into options: each begins at an argument with `--` in front. */
function optionsIn(args: readonly string[]): string[][] {
  const options: string[][] = [];
  for (let i = 0; i < args.length;) {
    const next = args.findIndex((arg, j) => j > i && arg.startsWith("--"));
    const end = next === -1 ? args.length : next;
    options.push(args.slice(i, Math.min(end, i + MAX_WORDS)));
    i = end;
  }
  return options;
}

function collect(file: string, options: ReadOptions, work: (reader: ConfigReader) => void): Config {
  const reader = new ConfigReader(options);
  try {
    work(reader);
    return reader.config(null);
  } catch (error) {
    const stop = error instanceof ConfigStop ? error : null;
    return reader.config(stop?.place ?? { file, line: 1, message: messageOf(error) });
  }
}
