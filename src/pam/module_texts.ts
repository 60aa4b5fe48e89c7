import { printable } from "../text/printable.ts";

/** How many texts are kept, and how many characters of each: a line of the log has 256. */
const MOST_TEXTS = 3;
const LONGEST_TEXT = 100;

/**
 * What modules tell the user (PAM_ERROR_MSG, PAM_TEXT_INFO), for an administrator: pam_faillock(8)
 * and pam_unix(8) say in words what their status alone does not, such as how long a lock lasts.
 */
export class ModuleTexts {
  /** Those that were kept, each on one line, safe to print. */
  readonly said: string[] = [];

  /**
   * Keeps a text, with nothing in it that acts on a terminal.
   *
   * @param text as the module gave it, which may be any bytes
   * @param password that the user gave: a text that repeats it is dropped; null if there is none
   */
  add(text: Uint8Array<ArrayBuffer>, password: Uint8Array<ArrayBuffer> | null): void {
    const line = new TextDecoder().decode(text).replace(/\s+/g, " ").trim();
    const forms = [text, new TextEncoder().encode(line)];
    if (password !== null && forms.some((form) => repeats(form, password))) return;
    if (this.said.length === MOST_TEXTS) return;
    const characters = Array.from(line);
    const cut = characters.length > LONGEST_TEXT ? "…" : "";
    if (line !== "") this.said.push(printable(characters.slice(0, LONGEST_TEXT).join("")) + cut);
  }
}

function repeats(text: Uint8Array, password: Uint8Array): boolean {
  if (password.length === 0) return false;
  return text.some((_, i) => password.every((byte, j) => text[i + j] === byte));
}
