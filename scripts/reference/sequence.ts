/** A message from one part to another. */
export interface Message {
  from: number;
  to: number;
  words: string;
  isAnswer: boolean;
}

/** What happens between parts, in the order of time; a text by itself begins a phase. */
export interface Sequence {
  title: string;
  parts: readonly string[];
  events: readonly (string | Message)[];
}

/**
 * Reads a sequence: `title: …`, `parts: A, B`, then lines such as `== phase`, `A -> B: message` and
 * `B --> A: answer`. Empty lines, and those that begin with `#`, say nothing.
 *
 * @throws Error for a line that is none of these, or that names an unknown part
 */
export function readSequence(text: string): Sequence {
  let title = "";
  let parts: string[] = [];
  const events: (string | Message)[] = [];
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [, key, value] = line.match(/^(title|parts|==):? (.+)$/) ?? [];
    if (key === "title") title = value!;
    else if (key === "parts") parts = value!.split(", ");
    else if (key === "==") events.push(value!);
    else events.push(readMessage(line, parts));
  }
  return { title, parts, events };
}

function readMessage(line: string, parts: readonly string[]): Message {
  const [, from, arrow, to, words] = line.match(/^(.+?) (--?>) (.+?): (.+)$/) ?? [];
  const ends = { from: parts.indexOf(from ?? ""), to: parts.indexOf(to ?? "") };
  if (ends.from === -1 || ends.to === -1) {
    throw new Error(`"${line}" is not A -> B: WORDS with two of the parts ${parts.join(", ")}`);
  }
  return { ...ends, words: words!, isAnswer: arrow === "-->" };
}
