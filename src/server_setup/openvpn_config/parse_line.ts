/** The most words that OpenVPN takes of a line (MAX_PARMS); what follows is dropped. */
const MAX_WORDS = 16;

const END = 0;
const QUOTE = 0x22;
const HASH = 0x23;
const APOSTROPHE = 0x27;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

/** What a line says, or why OpenVPN refuses it. No words: a comment, or nothing. */
export type ParsedLine = { words: string[] } | { error: string };

type State = "initial" | "unquoted" | "quoted" | "apostrophes";

/** Why a state is no state to end a line in. */
const UNFINISHED: Record<Exclude<State, "initial">, string> = {
  unquoted: "a backslash is the last character",
  quoted: 'a quotation (") has no end',
  apostrophes: "a single quotation (') has no end",
};

/**
 * Takes a line to words, as parse_line() in OpenVPN's options.c does: blanks part words; quotation
 * marks count at a word's beginning alone, and end it; a backslash, outside of single quotes, takes
 * the special meaning from a backslash, a double quote or a blank, and stands before nothing else;
 * `#` and `;` begin a comment where a word could begin.
 *
 * @param line bytes, with their line end if there is one; NUL ends them, as in C
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
      return { error: "a backslash stands before what needs none: write \\\\" };
    }
    isEscaped = false;
    if (words.length >= MAX_WORDS) break;
  }
  return state === "initial" ? { words } : { error: UNFINISHED[state] };
}

/** The bytes of a C string, with its end. */
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

function endsWord(
  state: Exclude<State, "initial">,
  byte: number,
  isEscaped: boolean,
): boolean {
  if (state === "apostrophes") return byte === APOSTROPHE;
  const end = state === "quoted" ? byte === QUOTE : isSpace(byte);
  return end && !isEscaped;
}

function canBeEscaped(byte: number): boolean {
  return byte === BACKSLASH || byte === QUOTE || isSpace(byte);
}

/** isspace(3) in the C locale, and the end of the line. */
function isSpace(byte: number): boolean {
  return byte === END || byte === 0x20 || byte >= 0x09 && byte <= 0x0d;
}
