import { styleText } from "node:util";
import type { AdminContext } from "./context.ts";

/** A colour that a text may have. */
export type Colour = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it. */
export type Paint = (colour: Colour, text: string) => string;

/** Colours for a terminal alone, and not where NO_COLOR (no-color.org) is set to anything. */
export function paintFor(context: AdminContext): Paint {
  const isPlain = !context.isOutTerminal || Boolean(context.read("NO_COLOR"));
  return (colour, text) =>
    isPlain ? text : styleText(colour, text, { validateStream: false });
}
