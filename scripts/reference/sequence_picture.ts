import { escapedXml, GREY, svgText, TEXT_STYLE } from "../picture_style.ts";
import type { Message, Sequence } from "./sequence.ts";

const COLUMN = 178;
/** Room for the phases, left of the first column. */
const MARGIN = 40;
const ROW = 34;
const TOP = 44;
const BOX = { width: 128, height: 30 };

/** Readable on white and on black alike. */
const COLOURS = { message: "#3f7fd0", answer: "#2f9a6c" };

const STYLE = `${TEXT_STYLE}line,rect{stroke:${GREY};fill:none}.l{stroke-opacity:.5}` +
  `.m{stroke:${COLOURS.message}}.a{stroke:${COLOURS.answer};stroke-dasharray:5 3}`;

/** Draws a sequence as SVG: a column for each part, and time runs down. */
export function sequencePicture({ title, parts, events }: Sequence): string {
  const begin = TOP + BOX.height;
  const bottom = begin + (events.length + 0.5) * ROW;
  const size = `${MARGIN + parts.length * COLUMN} ${bottom + 8}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" role="img">`,
    `<title>${escapedXml(title)}</title><style>${STYLE}</style>`,
    svgText(8, 22, title, "t"),
    ...parts.flatMap((part, i) => column(part, middleOf(i), bottom)),
    ...events.flatMap((event, i) => {
      const y = begin + (i + 1) * ROW;
      return typeof event === "string" ? [svgText(8, y - 4, event, "t")] : arrow(event, y);
    }),
    "</svg>\n",
  ].join("\n");
}

function middleOf(part: number): number {
  return MARGIN + COLUMN * (part + 0.5);
}

function column(part: string, x: number, bottom: number): string[] {
  const { width, height } = BOX;
  return [
    `<rect x="${x - width / 2}" y="${TOP}" width="${width}" height="${height}" rx="5"/>`,
    svgText(x, TOP + 20, part, "t", "middle"),
    `<line class="l" x1="${x}" x2="${x}" y1="${TOP + height}" y2="${bottom}"/>`,
  ];
}

function arrow({ from, to, words, isAnswer }: Message, y: number): string[] {
  const [start, end] = [middleOf(from), middleOf(to)];
  const back = end > start ? -8 : 8;
  const type = isAnswer ? "a" : "m";
  const colour = isAnswer ? COLOURS.answer : COLOURS.message;
  return [
    `<line class="${type}" x1="${start}" x2="${end + back}" y1="${y}" y2="${y}"/>`,
    `<path fill="${colour}" d="M${end} ${y}l${back} -4v8z"/>`,
    svgText((start + end) / 2, y - 6, words, "", "middle"),
  ];
}
