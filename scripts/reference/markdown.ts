import { displayWidth } from "../../src/admin/terminal/display_width.ts";

/** As long as a line of a page may be. */
const LINE_WIDTH = 100;

/** A table, aligned as `deno fmt` aligns it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((cells) => cells.map(asCell));
  const widths = head.map((_, i) => Math.max(3, ...all.map((cells) => displayWidth(cells[i]!))));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell + " ".repeat(widths[i]! - displayWidth(cell))).join(" | ")} |`;
  const [first, ...others] = all;
  return [first!, widths.map((width) => "-".repeat(width)), ...others].map(line).join("\n");
}

/** A paragraph, wrapped as `deno fmt` wraps it. */
export function paragraph(text: string): string {
  const lines: string[] = [];
  for (const word of linked(text).split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && displayWidth(longer) <= LINE_WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** Texts of the program name pages by their path. */
function linked(text: string): string {
  return text.replace(/\bdocs\/([a-z-]+)\.md\b/g, "[$1]($1.md)");
}

function asCell(text: string): string {
  return linked(text).replaceAll("|", "\\|");
}
