/** OpenVPN reads this many words of a line and ignores the rest (MAX_PARMS). */
export const MAX_WORDS = 16;

const END = 0;
const QUOTE = 0x22;
const HASH = 0x23;
const APOSTROPHE = 0x27;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

/** The words of a line, none for a comment or a blank line, or why OpenVPN refuses it. */
type ParsedLine = { words: string[] } | { error: string };

type State = "initial" | "unquoted" | "quoted" | "apostrophes";

/** What is wrong with a line that ends in a state. */
const UNFINISHED: Record<Exclude<State, "initial">, string> = {
  unquoted: "the last character is a backslash",
  quoted: 'a double quote (") is not closed',
  apostrophes: "a single quote (') is not closed",
};

/**
 * Splits a line into words, as parse_line() in OpenVPN's options.c does: blanks separate words; a
 * quote counts only at the beginning of a word, and the next one ends the word; a backslash outside
 * single quotes escapes a backslash, a double quote or a blank, and nothing else; `#` and `;` begin
 * a comment wherever a word could begin.
 *
 * @param line bytes, including the line end if there is one; NUL ends them, as in C
 */
export function parseLine(line: Uint8Array): ParsedLine {
  const words: string[] = [];
  let word: number[] = [];
  let state: State = "initial";
  let isEscaped = false;
  for (const byte of bytesOf(line)) {
    if (!isEscaped && byte === BACKSLASH && state !== "apostrophes") {
      isEscaped = true;
      continue;
    }
    if (state === "initial") {
      if (!isSpace(byte) && (byte === HASH || byte === SEMICOLON)) break;
      state = stateAfter(byte, isEscaped);
      if (state === "unquoted") word.push(byte);
    } else if (endsWord(state, byte, isEscaped)) {
      words.push(new TextDecoder().decode(Uint8Array.from(word)));
      word = [];
      state = "initial";
    } else if (byte !== END) {
      word.push(byte);
    }
    const isTaken = word.length > 0 && state !== "initial" && byte !== END;
    if (isEscaped && isTaken && !canBeEscaped(byte)) {
      return { error: "a backslash precedes a character that needs no escape: write \\\\ instead" };
    }
    isEscaped = false;
    if (words.length >= MAX_WORDS) break;
  }
  return state === "initial" ? { words } : { error: UNFINISHED[state] };
}

/** The bytes of a C string, including its end. */
function* bytesOf(line: Uint8Array): Generator<number> {
  for (const byte of line) {
    if (byte === END) break;
    yield byte;
  }
  yield END;
}

function stateAfter(byte: number, isEscaped: boolean): State {
  if (isSpace(byte)) return "initial";
  if (!isEscaped && byte === QUOTE) return "quoted";
  return !isEscaped && byte === APOSTROPHE ? "apostrophes" : "unquoted";
}

function endsWord(state: Exclude<State, "initial">, byte: number, isEscaped: boolean): boolean {
  if (state === "apostrophes") return byte === APOSTROPHE;
  const end = state === "quoted" ? byte === QUOTE : isSpace(byte);
  return end && !isEscaped;
}

function canBeEscaped(byte: number): boolean {
  return byte === BACKSLASH || byte === QUOTE || isSpace(byte);
}

/** What isspace(3) accepts in the C locale, and the end of the string. */
function isSpace(byte: number): boolean {
  return byte === END || byte === 0x20 || byte >= 0x09 && byte <= 0x0d;
}
