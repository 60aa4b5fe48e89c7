import { printable } from "../../text/printable.ts";

/** The longest error that is shown whole, in characters. */
const MOST = 2000;

/** Makes arguments that an error repeats safe for the terminal, and bounds it. */
export function shortened(message: string): string {
  return message.length <= MOST ? printable(message) : `${printable(message.slice(0, MOST))}…`;
}
