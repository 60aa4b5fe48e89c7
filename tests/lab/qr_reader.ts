import { mustRun } from "./command.ts";

/** What a QR code reader, which is no code of ours, reads in pictures; one code in each. */
export async function readQrCodes(
  paths: readonly string[],
): Promise<string[]> {
  const args = ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", ...paths];
  return (await mustRun("zbarimg", args)).trimEnd().split("\n");
}

/** Draws an SVG as a PNG beside it, and gives its path. */
export async function rasterized(svg: string): Promise<string> {
  const png = `${svg}.png`;
  await mustRun("rsvg-convert", ["--output", png, svg]);
  return png;
}
