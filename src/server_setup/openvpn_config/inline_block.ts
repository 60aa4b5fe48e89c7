import { type Directive, makeDirective, type Place } from "./directive.ts";
import { ConfigStop } from "./config_stop.ts";
import type { LineSource } from "./line_source.ts";

/** OpenVPN reads an inline block in pieces of at most this many bytes. */
const INLINE_BYTES = 255;

/**
 * Reads an inline block to its end.
 *
 * @param tag as {@link tagOf} gives it
 * @throws ConfigStop if the block has no end
 */
export function readInlineBlock(tag: string, source: LineSource, place: Place): Directive {
  const lastLine = skipInline(source, `</${tag}>`);
  if (lastLine === null) throw new ConfigStop(place, `<${tag}> has no end </${tag}>`);
  return makeDirective([tag], { ...place, lastLine, isInline: true });
}

/** Skips an inline block and returns the number of its last line; null if it has no end. */
function skipInline(source: LineSource, end: string): number | null {
  for (;;) {
    const piece = source.next(INLINE_BYTES);
    if (piece === null) return null;
    const text = new TextDecoder().decode(piece.bytes);
    if (text.replace(/^[\t-\r ]+/, "").startsWith(end)) return piece.line;
  }
}

/** The tag of a word that begins an inline block, such as `ca` of `<ca>`; null for other words. */
export function tagOf(name: string): string | null {
  return name.length > 1 && name.startsWith("<") && name.endsWith(">") ? name.slice(1, -1) : null;
}
