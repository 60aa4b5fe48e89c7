/** Characters that roff, or one of its fonts, would turn into something else. */
const SPECIAL: Record<string, string> = {
  "\\": "\\(rs",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
};

/** The longest source line, in characters. */
const LONGEST = 78;

/** A text as it is, for roff (groff_char(7)): nothing in it is a request or an escape. */
export function literal(text: string): string {
  const escaped = Array.from(
    text,
    (character) =>
      SPECIAL[character] ??
        (/[\x20-\x7e]/.test(character) ? character : codePoint(character)),
  ).join("");
  return guarded(escaped);
}

/** A text in bold. */
export function bold(text: string): string {
  return `\\fB${literal(text)}\\fR`;
}

/** A usage such as `--sort <key>`: placeholders are set in italics, the rest in bold. */
export function usage(text: string): string {
  return text.split(/(<[^>]*>|\[[^\]]*\])/).filter((part) => part !== "")
    .map((part) =>
      /^[<[]/.test(part)
        ? part.replace(
          /^([<[])(.*)([>\]])$/,
          (_, open, name, close) =>
            open === "<" ? `\\fI${literal(name)}\\fR` : `${open}\\fI${literal(name)}\\fR${close}`,
        )
        : bold(part)
    ).join("");
}

/** Sentences, filled by roff; text between backquotes is set in bold. */
export function prose(text: string): string {
  const marked = text.trim().replace(/\s+/g, " ").split("`").map(
    (part, i) => i % 2 === 1 ? bold(part) : literal(part),
  ).join("");
  return wrapped(marked);
}

/** Lines as they are, indented. */
export function verbatim(lines: readonly string[]): string {
  return [".PP", ".RS 4", ".nf", ...lines.map(literal), ".fi", ".RE"]
    .join("\n");
}

/** A paragraph with a tag. */
export function tagged(tag: string, text: string): string {
  return [".TP", guarded(tag), prose(text)].join("\n");
}

/** Breaks a source line, which roff fills anyway. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= LONGEST) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines.map(guarded).join("\n");
}

/** Keeps a line that begins with a dot or an apostrophe from being a request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

function codePoint(character: string): string {
  const hex = character.codePointAt(0)!.toString(16).toUpperCase();
  return `\\[u${hex.padStart(4, "0")}]`;
}
