/** A middle grey, which can be seen on white and on black alike. */
export const GREY = "#8a8f98";

/** Styles of text: they follow the reader's choice of light or dark; without styles, text is black. */
export const TEXT_STYLE = "text{font:13px system-ui,sans-serif;fill:#24292f}.t{font-weight:600}" +
  "@media(prefers-color-scheme:dark){text{fill:#e6edf3}}";

/** Words as a picture's text. */
export function svgText(x: number, y: number, words: string, type = "", anchor = "start"): string {
  const attributes = `${type === "" ? "" : ` class="${type}"`}` +
    `${anchor === "start" ? "" : ` text-anchor="${anchor}"`}`;
  return `<text x="${x}" y="${y}"${attributes}>${escapedXml(words)}</text>`;
}

/** Words in XML. */
export function escapedXml(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
