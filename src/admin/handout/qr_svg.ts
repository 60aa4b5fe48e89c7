import { encode } from "uqr";

/**
 * A QR code as an SVG document, black on white, one unit per module, with the margin of 4 modules
 * that ISO/IEC 18004 asks for.
 *
 * @returns ASCII, with a line end
 */
export function qrSvg(text: string): string {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const dark = data.flatMap((row, y) =>
    runs(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`)
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" ` +
    `width="${size * 8}" height="${size * 8}" shape-rendering="crispEdges" role="img" ` +
    `aria-label="QR code"><path fill="#fff" d="M0 0h${size}v${size}H0z"/>` +
    `<path fill="#000" d="${dark.join("")}"/></svg>\n`;
}

/** Runs of dark modules in a row. */
function runs(row: readonly boolean[]): [start: number, length: number][] {
  const found: [number, number][] = [];
  row.forEach((isDark, x) => {
    if (!isDark) return;
    const last = found.at(-1);
    if (last && last[0] + last[1] === x) last[1]++;
    else found.push([x, 1]);
  });
  return found;
}
