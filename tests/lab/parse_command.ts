/** Longest parameter that OpenVPN takes, in bytes (OPTION_PARM_SIZE in its options.h). */
const MAX_BYTES = 256;

type State = "between" | "plain" | "double" | "single";

/** What begins in state `between`, by its first character. */
const BEGINS: Record<string, State> = { '"': "double", "'": "single" };

/** What ends a parameter. */
const ENDS: Record<State, RegExp> = { between: /$^/, plain: /\s/, double: /"/, single: /'/ };

/**
 * Takes a command line apart as OpenVPN does (`parse_line` in its options_parse.c).
 *
 * @throws Error where OpenVPN refuses the line
 */
export function parseCommand(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let state: State = "between";
  for (const { text, isEscaped } of characters(line, () => state)) {
    if (state === "between") {
      if (/\s/.test(text)) continue;
      if (/[;#]/.test(text)) break;
      state = isEscaped ? "plain" : BEGINS[text] ?? "plain";
      word = state === "plain" ? text : "";
    } else if (!isEscaped && ENDS[state].test(text)) {
      words.push(word);
      state = "between";
    } else word += text;
    if (new TextEncoder().encode(word).length > MAX_BYTES) {
      throw new Error("a parameter is too long");
    }
  }
  if (state === "double" || state === "single") throw new Error("a quote is not closed");
  return state === "plain" ? [...words, word] : words;
}

/** The characters, and whether a backslash came before; in single quotes, it is one of them. */
function* characters(
  line: string,
  state: () => State,
): Generator<{ text: string; isEscaped: boolean }> {
  let isEscaped = false;
  for (const text of line) {
    if (!isEscaped && text === "\\" && state() !== "single") isEscaped = true;
    else {
      if (isEscaped && !/[\\"\s]/.test(text)) throw new Error("bad use of a backslash");
      yield { text, isEscaped };
      isEscaped = false;
    }
  }
}
