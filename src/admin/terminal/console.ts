import type { Screen } from "./screen.ts";

/** The streams that a command talks through. */
export interface Console {
  /** Writes to standard output: results. */
  out(text: string): void;
  /** Writes to standard output, and lets signals be heard while a slow reader is waited for. */
  outAsync(text: string): Promise<void>;
  /** Writes to standard error: errors, warnings, and what only people want. */
  err(text: string): void;
  /** Writes a warning to standard error: what is doubtful, on one line, without its end. */
  warn(text: string): void;
  /** Standard error is a terminal. */
  isTerminal: boolean;
  /** Columns of that terminal. */
  columns(): number;
  /** Standard output. */
  screen: Screen;
  input: Input;
}

/** Standard input. */
export interface Input {
  isTerminal: boolean;
  /** Reads what is available, or waits for it; null at the end. */
  read(buffer: Uint8Array): number | null;
  /** Switches the terminal's own echo and keys off, or on again. */
  setRaw(isRaw: boolean): void;
}
