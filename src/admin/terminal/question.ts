import { Failure } from "../../core/failure.ts";
import { Redacted } from "../../text/redacted.ts";
import type { Console } from "./console.ts";

/** The longest answer that is read, in bytes. */
const MAX_BYTES = 1024;

const ENTER = [0x0a, 0x0d];
const INTERRUPT = 0x03;
const END = 0x04;
const ERASE = [0x08, 0x7f];

/**
 * Asks a yes-or-no question; anything but a clear yes is a no. `--yes` stands for a yes.
 *
 * @param unchanged what is true after a no
 * @throws Failure `usage` where nobody can be asked, `cancelled` after a no or at the end of input
 */
export function requireYes(
  console: Console,
  question: string,
  unchanged = "nothing was changed",
): void {
  requireTerminal(console, question, "--yes");
  console.err(`${question} [y/N] `);
  if (/^y(es)?$/i.test(readLine(console).trim())) return;
  throw new Failure("cancelled", `cancelled: ${unchanged}`);
}

/**
 * Asks for a line of text, such as a code.
 *
 * @param option what to use instead where nobody can be asked
 * @throws Failure `usage` where nobody can be asked, `cancelled` at the end of input
 */
export function askLine(console: Console, question: string, option: string): string {
  requireTerminal(console, question, option);
  console.err(`${question}: `);
  return readLine(console);
}

/**
 * Asks for a password without showing it.
 *
 * @param option what to use instead where nobody can be asked
 * @returns UTF-8
 * @throws Failure `usage` where nobody can be asked, `cancelled` at the end of input or on Ctrl-C
 */
export function askPassword(
  console: Console,
  question: string,
  option: string,
): Redacted<Uint8Array<ArrayBuffer>> {
  requireTerminal(console, question, option);
  // Before the question, so that what is typed at once isn't echoed either.
  console.input.setRaw(true);
  try {
    console.err(`${question}: `);
    return new Redacted(readUnseen(console));
  } finally {
    console.input.setRaw(false);
    console.err("\n");
  }
}

/**
 * Makes sure that somebody can be asked. Nothing is asked through a pipe: a script would wait for
 * ever, or its input for something else would be taken as the answer.
 *
 * @param option what to use instead where nobody can be asked
 * @throws Failure `usage`
 */
export function requireTerminal(
  { input, isTerminal }: Console,
  question: string,
  option: string,
): void {
  if (input.isTerminal && isTerminal) return;
  throw new Failure("usage", `cannot ask "${question}" without a terminal: use ${option}`);
}

/** Reads a line, which the terminal sends as a whole. */
function readLine({ input }: Console): string {
  const bytes: number[] = [];
  const buffer = new Uint8Array(MAX_BYTES);
  while (bytes.length < MAX_BYTES) {
    const length = input.read(buffer) ?? 0;
    if (length === 0) throw cancelled();
    bytes.push(...buffer.subarray(0, length));
    if (ENTER.includes(bytes.at(-1)!)) break;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes)).replace(/[\r\n]+$/, "");
}

function readUnseen({ input }: Console): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(1);
  while (bytes.length < MAX_BYTES) {
    if ((input.read(buffer) ?? 0) === 0) throw cancelled();
    const byte = buffer[0]!;
    if (ENTER.includes(byte)) break;
    if (byte === INTERRUPT || byte === END) throw cancelled();
    if (ERASE.includes(byte)) eraseCharacter(bytes);
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** In UTF-8, the bytes of a character after its first are 10xxxxxx. */
function eraseCharacter(bytes: number[]): void {
  let byte = bytes.pop();
  while (byte !== undefined && (byte & 0xc0) === 0x80) byte = bytes.pop();
}

function cancelled(): Failure {
  return new Failure("cancelled", "cancelled: nothing was changed");
}
