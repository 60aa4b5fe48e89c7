/** One option as OpenVPN takes it from a configuration or a command line. */
export interface Directive {
  /** Without a leading `--`; for an inline block, the tag's name. */
  name: string;
  /** What follows the name. */
  words: readonly string[];
  /** The file that it stands in, or what the command line is called. */
  file: string;
  /** Counted from 1, as an editor does. */
  line: number;
  /** Its last line: another one for an inline block alone. */
  lastLine: number;
  /** An inline block (`<ca>`), whose content isn't kept: it may be a private key. */
  isInline: boolean;
}

/** Where OpenVPN stops reading, and why. */
export interface ConfigError {
  file: string;
  line: number;
  message: string;
}

/** A configuration with what it includes, in the order in which OpenVPN applies it. */
export interface Config {
  directives: readonly Directive[];
  /** The files that were read, or were to be. */
  files: readonly string[];
  /** Where relative paths begin in the end. */
  directory: string;
  /** OpenVPN doesn't start: what follows the place wasn't read. */
  error: ConfigError | null;
}

/** The directives of a name, in OpenVPN's order. */
export function directivesNamed(config: Config, name: string): Directive[] {
  return config.directives.filter((directive) => directive.name === name);
}

/** The directive of a name that counts: OpenVPN takes the last of options that hold one value. */
export function lastNamed(config: Config, name: string): Directive | null {
  return config.directives.findLast((one) => one.name === name) ?? null;
}

/**
 * A directive of what stood in a line or among arguments. `setenv opt NAME …` is `NAME …` to OpenVPN,
 * which merely forgives it a name that it doesn't know (add_option() in its options.c).
 */
export function makeDirective(
  [first = "", ...rest]: readonly string[],
  place: { file: string; line: number; lastLine?: number; isInline?: boolean },
): Directive {
  const { file, line, lastLine = line, isInline = false } = place;
  const isOptional = first === "setenv" && rest[0] === "opt" && rest.length > 1;
  const [name = "", ...words] = isOptional ? rest.slice(1) : [first, ...rest];
  return { name, words, file, line, lastLine, isInline };
}
