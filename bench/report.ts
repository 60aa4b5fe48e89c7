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

/** A part of the page, which is measured by a command of its own. */
export interface Part {
  heading: string;
  /** Where the figures are from; paragraphs. */
  machine: readonly string[];
  sections: readonly Section[];
}

/**
 * Writes a part of `performance.md`, in the place of the one with the same heading, and its pictures.
 *
 * @param docs the directory
 */
export async function writePart(
  docs: string,
  { heading, machine, sections }: Part,
): Promise<void> {
  for (const { picture } of sections) {
    if (picture === undefined) continue;
    await Deno.writeTextFile(`${docs}/${PICTURES}/${picture.file}`, barChart(picture.bars));
  }
  const page = `${docs}/performance.md`;
  const text = [`# ${heading}`, ...machine, ...sections.map(sectionText)].join("\n\n");
  const others = (await Deno.readTextFile(page)).split(/^(?=# )/m);
  const place = others.findIndex((part) => part.startsWith(`# ${heading}\n`));
  const parts = place === -1 ? [...others, text] : others.with(place, text);
  await Deno.writeTextFile(page, `${parts.map((part) => part.trim()).join("\n\n")}\n`);
  await mustRun(Deno.execPath(), ["fmt", "--quiet", page]);
}
