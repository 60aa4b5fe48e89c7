import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import type { Config, Directive } from "../openvpn_config/directive.ts";
import { type EditedLine, linesOf } from "./lines.ts";

/** An edit of a configuration's own lines; included files are left alone. */
export class ConfigEdit {
  readonly #path: string;
  readonly #lines: string[];
  /** By line number: the new text without its line end, or null to remove the line. */
  readonly #edits = new Map<number, string | null>();
  /** By line number: the lines to put after it. */
  readonly #inserted = new Map<number, readonly string[]>();
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

  /**
   * Makes a directive's line a comment, without another change: {@link restore} takes that back.
   *
   * @throws Failure `config_error` if the directive is in another file
   */
  setAside(directive: Directive, mark: string): void {
    const old = this.#textAt(directive, "remove it there");
    const [start] = old.match(/^(?:\xef\xbb\xbf)?/)!;
    this.#edits.set(directive.line, start + mark + old.slice(start.length));
  }

  /** The lines that {@link setAside} has made comments, as they were, with their numbers. */
  setAsideLines(mark: string, config: Config): { line: number; text: string }[] {
    return this.#plainLines(config).filter(({ text }) => text.startsWith(mark))
      .map(({ line, text }) => ({ line, text: text.slice(mark.length) }));
  }

  /** The numbers of the lines that are just a text. */
  linesThatAre(text: string, config: Config): number[] {
    return this.#plainLines(config).filter((one) => one.text === text).map(({ line }) => line);
  }

  /** Puts another text in place of a line's, but for a byte order mark; null removes it. */
  restore(line: number, text: string | null): void {
    const [start] = this.#lines[line - 1]!.match(/^(?:\xef\xbb\xbf)?/)!;
    this.#edits.set(line, text === null ? null : start + text);
  }

  /** Adds lines after another one. */
  insertAfter(line: number, block: readonly string[]): void {
    this.#inserted.set(line, block);
  }

  /** Adds lines at the end, after an empty one. */
  append(block: readonly string[]): void {
    this.#blocks.push(block);
  }

  /** The lines before and after the edit. */
  lines(): EditedLine[] {
    const edited = this.#lines.flatMap((old, i): EditedLine[] => {
      const edit = this.#edits.get(i + 1);
      if (edit === undefined) return [{ old, new: old }];
      const line = { old, new: edit === null ? null : edit + endOf(old) };
      return [line, ...this.#insertions(i + 1, line)];
    });
    if (this.#blocks.length > 0) return [...edited, ...this.#additions(edited)];
    this.#endAsBefore(edited);
    return edited;
  }

  /** Where the last line is removed, and had no line end, the one before it has none either. */
  #endAsBefore(edited: readonly EditedLine[]): void {
    const last = edited.findLast((line) => line.new !== null);
    if (last === undefined || last === edited.at(-1) || this.#lines.at(-1)!.endsWith("\n")) return;
    last.new = last.new!.replace(/\r?\n$/, "");
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

  /** The lines that are in no inline block, without line ends and byte order mark. */
  #plainLines({ directives }: Config): { line: number; text: string }[] {
    const blocks = directives.filter(({ isInline, file }) => isInline && file === this.#path);
    return this.#lines
      .map((raw, i) => ({
        line: i + 1,
        text: raw.replace(/^\xef\xbb\xbf/, "").replace(/\r?\n$/, ""),
      }))
      .filter((one) =>
        !blocks.some(({ line, lastLine }) => one.line >= line && one.line <= lastLine)
      );
  }

  /** The lines after an edited one; if that one ends the file without a line end, they do. */
  #insertions(number: number, before: EditedLine): EditedLine[] {
    const block = this.#inserted.get(number) ?? [];
    const own = endOf(before.old ?? "");
    const end = own === "" ? this.#lineEnd() : own;
    if (block.length > 0 && own === "" && before.new !== null) before.new += end;
    return block.map((line, i) => ({
      old: null,
      new: line + (i === block.length - 1 ? own : end),
    }));
  }

  #lineEnd(): string {
    return this.#lines[0]?.endsWith("\r\n") ? "\r\n" : "\n";
  }

  /** The appended blocks; a last line without a line end is given one. */
  #additions(edited: readonly EditedLine[]): EditedLine[] {
    const last = edited.findLast((line) => line.new !== null);
    const end = this.#lineEnd();
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
