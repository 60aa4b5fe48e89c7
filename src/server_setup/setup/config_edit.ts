import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import type { Directive } from "../openvpn_config/directive.ts";
import { type EditedLine, linesOf } from "./lines.ts";

/** An edit of a configuration's own lines; included files are left alone. */
export class ConfigEdit {
  readonly #path: string;
  readonly #lines: string[];
  /** By line number: the new text without its line end, or null to remove the line. */
  readonly #edits = new Map<number, string | null>();
  readonly #blocks: (readonly string[])[] = [];

  /**
   * @param text the configuration, one character for each byte
   * @param path the configuration's path, as its directives give it
   */
  constructor(text: string, path: string) {
    this.#lines = linesOf(text);
    this.#path = path;
  }

  /**
   * Puts another line in place of a directive's; its indentation and a comment after it stay.
   *
   * @throws Failure `config_error` if the directive is in another file
   */
  change(directive: Directive, line: string): void {
    const old = this.#textAt(directive, `change it there to "${line}"`);
    const [start] = old.match(/^(?:\xef\xbb\xbf)?[ \t]*/)!;
    const [comment = ""] = old.match(/[ \t]+[#;][^"']*$/) ?? [];
    this.#edits.set(directive.line, start + line + comment);
  }

  /**
   * Removes a directive's line.
   *
   * @throws Failure `config_error` if the directive is in another file
   */
  remove(directive: Directive): void {
    this.#textAt(directive, "remove it there");
    this.#edits.set(directive.line, null);
  }

  /** Adds lines at the end, after an empty one. */
  append(block: readonly string[]): void {
    this.#blocks.push(block);
  }

  /** The lines before and after the edit. */
  lines(): EditedLine[] {
    const edited = this.#lines.map((old, i): EditedLine => {
      const edit = this.#edits.get(i + 1);
      if (edit === undefined) return { old, new: old };
      return { old, new: edit === null ? null : edit + endOf(old) };
    });
    return this.#blocks.length === 0 ? edited : [...edited, ...this.#additions(edited)];
  }

  /** The line of a directive, without its line end. */
  #textAt({ name, file, line }: Directive, advice: string): string {
    if (file === this.#path) return this.#lines[line - 1]!.replace(/\r?\n$/, "");
    throw new Failure(
      "config_error",
      `${name} is in ${file}:${line}, which ${quoted(this.#path)} includes: ${advice}, then run ` +
        "setup again",
    );
  }

  /** The appended blocks; a last line without a line end is given one. */
  #additions(edited: readonly EditedLine[]): EditedLine[] {
    const last = edited.findLast((line) => line.new !== null);
    const end = this.#lines[0]?.endsWith("\r\n") ? "\r\n" : "\n";
    if (last !== undefined && !last.new!.endsWith("\n")) last.new += end;
    const isEmptyBefore = last === undefined || last.new!.trim() === "";
    return this.#blocks
      .flatMap((block, i) => i === 0 && isEmptyBefore ? block : ["", ...block])
      .map((line) => ({ old: null, new: line + end }));
  }
}

function endOf(line: string): string {
  return line.match(/\r?\n$/)?.[0] ?? "";
}
