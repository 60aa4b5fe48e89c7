/**
 * Parses a line of logfmt strictly, without the code that made it.
 *
 * @throws Error if the line is not logfmt
 */
export function parseLogfmt(line: string): [name: string, value: string][] {
  const fields: [string, string][] = [];
  let rest = line;
  while (rest !== "") {
    const equals = rest.indexOf("=");
    const name = rest.slice(0, equals);
    if (!/^[a-z_]+$/.test(name)) throw new Error(`no field's name: ${rest}`);
    rest = rest.slice(equals + 1);
    const end = rest.startsWith('"') ? endOfQuoted(rest) : endOfWord(rest);
    const raw = rest.slice(0, end);
    fields.push([name, raw.startsWith('"') ? unquote(raw) : raw]);
    rest = rest.slice(end);
    if (rest !== "" && !/^ [^ ]/.test(rest)) {
      throw new Error(`not one blank between fields: ${rest}`);
    }
    rest = rest.slice(1);
  }
  return fields;
}

/** Undoes quotes and escapes: `\"`, `\\` and `\u{…}`. */
export function unquote(text: string): string {
  if (text.length < 2 || endOfQuoted(text) !== text.length) {
    throw new Error(`not one quoted text: ${text}`);
  }
  let value = "";
  for (let i = 1; i < text.length - 1; i++) {
    if (text[i] !== "\\") {
      value += text[i];
    } else if (text[i + 1] === "u") {
      const end = text.indexOf("}", i);
      value += String.fromCodePoint(parseInt(text.slice(i + 3, end), 16));
      i = end;
    } else {
      value += text[++i];
    }
  }
  return value;
}

/** The position after the first quote that no backslash escapes. */
function endOfQuoted(text: string): number {
  for (let i = 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  throw new Error(`no closing quote: ${text}`);
}

function endOfWord(text: string): number {
  const blank = text.indexOf(" ");
  const word = blank === -1 ? text : text.slice(0, blank);
  if (word === "" || /["=\\]/.test(word)) throw new Error(`no word: ${text}`);
  return word.length;
}
