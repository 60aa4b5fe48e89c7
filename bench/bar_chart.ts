import { escapedXml, GREY, svgText, TEXT_STYLE } from "../scripts/picture_style.ts";

/** Groups of horizontal bars on a logarithmic scale. */
export interface Bars {
  title: string;
  unit: string;
  groups: readonly { name: string; bars: readonly Bar[] }[];
}

/** One bar; a value that is not a number was not measured, and has none. */
export interface Bar {
  name: string;
  value: number;
  /** What the bar says at its end. */
  label: string;
}

const WIDTH = 760;
const LEFT = 230;
const RIGHT = 90;
const ROW = 20;
const GROUP_GAP = 30;
const TOP = 44;

/** Readable on white and on black alike, and by who sees no red or green. */
const COLOURS = [GREY, "#3f7fd0", "#b8761f", "#9a5fc0", "#2f9a6c", "#c4536f"];

const STYLE = `${TEXT_STYLE}line{stroke:${GREY};stroke-opacity:.4}`;

/** Draws the bars as SVG. */
export function barChart({ title, unit, groups }: Bars): string {
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value))
    .filter((value) => value > 0 && Number.isFinite(value));
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  const x = (value: number) =>
    LEFT + (WIDTH - LEFT - RIGHT) * (Math.log10(value) - first) / (last - first);
  const parts: string[] = [];
  let y = TOP;
  for (const { name, bars } of groups) {
    parts.push(svgText(8, y + 14, name, "t"));
    y += ROW + 2;
    bars.forEach((bar, i) => {
      parts.push(...drawn(bar, y, COLOURS[i % COLOURS.length]!, x));
      y += ROW;
    });
    y += GROUP_GAP - ROW;
  }
  const scale = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
    .flatMap((value) => tick(value, unit, x(value), y));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 26}" role="img">`,
    `<title>${escapedXml(title)}</title><style>${STYLE}</style>`,
    svgText(8, 22, title, "t"),
    ...scale,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function drawn(
  { name, value, label }: Bar,
  y: number,
  colour: string,
  x: (value: number) => number,
): string[] {
  const named = svgText(LEFT - 8, y + 13, name, "", "end");
  if (!(value > 0) || !Number.isFinite(value)) return [named, svgText(LEFT + 4, y + 13, label)];
  const end = Math.max(x(value), LEFT + 2);
  const width = (end - LEFT).toFixed(1);
  return [
    named,
    `<rect x="${LEFT}" y="${y + 2}" width="${width}" height="${ROW - 5}" fill="${colour}"/>`,
    svgText(Math.round(end) + 5, y + 13, label),
  ];
}

function tick(value: number, unit: string, x: number, bottom: number): string[] {
  const at = x.toFixed(1);
  return [
    `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${bottom}"/>`,
    svgText(Number(at), bottom + 16, `${value.toLocaleString("en-GB")} ${unit}`, "", "middle"),
  ];
}
