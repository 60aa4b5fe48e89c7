/** One option as OpenVPN takes it from a configuration or a command line. */
export interface Directive {
  /** Without a leading `--`; for an inline block, the tag's name. */
  name: string;
  /** The words after the name. */
  words: readonly string[];
  /** The file that it is in, or the name given to the command line. */
  file: string;
  /** Its line number; the first line is 1. */
  line: number;
  /** Its last line, which differs from `line` only for an inline block. */
  lastLine: number;
  /** An inline block (`<ca>`), whose content is not kept, as it may be a private key. */
  isInline: boolean;
}

/** A place in a configuration, or in a unit whose command line stands for one. */
export interface Place {
  file: string;
  line: number;
}

/** Where OpenVPN stops reading, and why. */
export interface ConfigError extends Place {
  message: string;
}

/** A configuration and the files that it includes, in the order in which OpenVPN applies them. */
export interface Config {
  directives: readonly Directive[];
  /** The files that were read or should have been. */
  files: readonly string[];
  /** The directory that relative paths start from at the end of the configuration. */
  directory: string;
  /** Why OpenVPN does not start; nothing after that place was read. Null if it starts. */
  error: ConfigError | null;
}

/** The directives with a name, in OpenVPN's order. */
export function directivesNamed(config: Config, name: string): Directive[] {
  return config.directives.filter((directive) => directive.name === name);
}

/** The last directive with a name: the one that counts for an option with a single value. */
export function lastNamed(config: Config, name: string): Directive | null {
  return config.directives.findLast((one) => one.name === name) ?? null;
}

/**
 * Makes a directive of the words of a line or of some arguments. To OpenVPN, `setenv opt NAME …` is
 * the same as `NAME …`, except that an unknown name is no error (add_option() in its options.c).
 */
export function makeDirective(
  [first = "", ...rest]: readonly string[],
  place: Place & { lastLine?: number; isInline?: boolean },
): Directive {
  const { file, line, lastLine = line, isInline = false } = place;
  const isOptional = first === "setenv" && rest[0] === "opt" && rest.length > 1;
  const [name = "", ...words] = isOptional ? rest.slice(1) : [first, ...rest];
  return { name, words, file, line, lastLine, isInline };
}

/** An option's name without the dashes that OpenVPN allows in a file, too (bypass_doubledash()). */
export function bareName(name: string): string {
  return name.length >= 3 && name.startsWith("--") ? name.slice(2) : name;
}
