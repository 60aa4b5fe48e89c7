import { mustRun } from "./command.ts";

/** What an independent QR code reader reads from pictures with one code each. */
export async function readQrCodes(
  paths: readonly string[],
): Promise<string[]> {
  const args = ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", ...paths];
  return (await mustRun("zbarimg", args)).trimEnd().split("\n");
}

/** Renders an SVG as a PNG beside it, and returns the PNG's path. */
export async function rasterized(svg: string): Promise<string> {
  const png = `${svg}.png`;
  await mustRun("rsvg-convert", ["--output", png, svg]);
  return png;
}
