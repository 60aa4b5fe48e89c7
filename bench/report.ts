import { mustRun } from "../tests/lab/command.ts";
import { barChart, type Bars } from "./bar_chart.ts";

/** What one measurement found, for the terminal and for a page. */
export interface Section {
  title: string;
  /** What was measured, and how; paragraphs. */
  text: readonly string[];
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** What the rows tell beyond their figures; paragraphs. */
  notes?: readonly string[];
  picture?: { file: string; bars: Bars };
}

/** Where pictures are, as seen from the page. */
const PICTURES = "pictures";

/** A section in Markdown. */
export function sectionText({ title, text, head, rows, notes = [], picture }: Section): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(head), `|${head.map((_, i) => i === 0 ? "---" : "---:").join("|")}|`];
  return [
    `## ${title}`,
    ...text,
    [...table, ...rows.map(line)].join("\n"),
    ...picture === undefined ? [] : [`![${picture.bars.title}](${PICTURES}/${picture.file})`],
    ...notes,
  ].join("\n\n");
}

/**
 * Writes `performance.md` and its pictures.
 *
 * @param docs the directory
 * @param machine where the figures are from; paragraphs
 */
export async function writePage(
  docs: string,
  machine: readonly string[],
  sections: readonly Section[],
): Promise<void> {
  for (const { picture } of sections) {
    if (picture === undefined) continue;
    await Deno.writeTextFile(`${docs}/${PICTURES}/${picture.file}`, barChart(picture.bars));
  }
  const parts = ["# Performance", ...machine, ...sections.map(sectionText)];
  const page = `${docs}/performance.md`;
  await Deno.writeTextFile(page, `${parts.join("\n\n")}\n`);
  await mustRun(Deno.execPath(), ["fmt", "--quiet", page]);
}
