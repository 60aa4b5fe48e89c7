import { Failure } from "../../core/failure.ts";
import { bytesOf } from "../../text/latin1.ts";
import { printable, quoted } from "../../text/printable.ts";
import { linesOf } from "../setup/lines.ts";
import { LOCAL_PATH } from "./names.ts";

/** The comment behind a block of `setup`'s. */
const END = "# openvpn-totp: end";

/** The comment in front of the rules for one server. */
function beginOf(config: string): string {
  return `# openvpn-totp: begin (setup writes these lines, for ${bytesOf(printable(config))})`;
}

/** Where a server's block is among a text's lines: from the first one to behind the last one. */
interface Place {
  start: number;
  end: number;
}

/**
 * A local file's text with other rules for one server, at the place of its present ones, or at the
 * end. All else stays as it is, byte for byte, but that a last line without a line end is given
 * one.
 *
 * @param text one character for each byte, as are the rules
 * @param config the path of the server's configuration
 * @param rules none takes the block out
 * @throws Failure `config_error` if the end of a block is missing, whichever server's
 */
export function withRules(text: string, config: string, rules: readonly string[]): string {
  const lines = linesOf(text);
  const { start, end } = placeOf(lines, config) ?? { start: lines.length, end: lines.length };
  const lineEnd = lines[0]?.endsWith("\r\n") ? "\r\n" : "\n";
  const block = rules.length === 0 ? [] : [beginOf(config), ...rules, END];
  const before = lines.slice(0, start).join("");
  const isOpen = block.length > 0 && before !== "" && !before.endsWith("\n");
  return [
    before,
    isOpen ? lineEnd : "",
    ...block.map((line) => line + lineEnd),
    ...lines.slice(end),
  ].join("");
}

/**
 * A local file's text with setup's rules blanked out, for all servers, so that lines keep their
 * numbers.
 */
export function withoutOurRules(text: string): string {
  let isOurs = false;
  return linesOf(text).map((line) => {
    isOurs ||= BEGIN.test(line.trim());
    if (!isOurs) return line;
    isOurs = line.trim() !== END;
    return "\n";
  }).join("");
}

/**
 * The server that a rule of setup's is for, by the path of its configuration; null for a rule of
 * somebody else's.
 *
 * @param text a local file's, decoded
 * @param line counted from 1
 */
export function serverOf(text: string, line: number): string | null {
  const bare = linesOf(text).slice(0, line).map((one) => one.trim());
  const start = bare.findLastIndex((one) => BEGIN.test(one));
  if (start === -1 || bare.includes(END, start)) return null;
  return bare[start]!.match(/, for (.*)\)$/)?.[1] ?? null;
}

function placeOf(lines: readonly string[], config: string): Place | null {
  const bare = lines.map((line) => line.trim());
  const starts = bare.flatMap((line, i) => BEGIN.test(line) ? [i] : []);
  const places = starts.map((start, i) => ({
    start,
    end: bare.slice(start, starts[i + 1]).indexOf(END) + start + 1,
  }));
  const open = places.find(({ start, end }) => end === start);
  if (open !== undefined) throw openFrom(open.start + 1);
  return places.find(({ start }) => bare[start] === beginOf(config)) ?? null;
}

function openFrom(line: number): Failure {
  return new Failure(
    "config_error",
    `${quoted(LOCAL_PATH)}, line ${line}: setup's rules begin there, and the line "${END}" is ` +
      "missing after them: put it back, or remove setup's rules by hand",
  );
}

const BEGIN = /^# openvpn-totp: begin /;
