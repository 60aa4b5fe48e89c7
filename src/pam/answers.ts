import type { Redacted } from "../text/redacted.ts";
import { Style } from "./libpam.ts";

/** What a module may ask for. */
export interface PamCredentials {
  username: string;
  /** The bytes as they came, which need not be UTF-8; a NUL would end them early. */
  password: Redacted<Uint8Array<ArrayBuffer>>;
}

/**
 * What to answer to a module's messages: the password to prompts that hide what is typed, the
 * username to those that show it, nothing to texts.
 *
 * @param styles each message's style, see `Style`
 * @param credentials null: there is an answer to texts alone
 * @returns an answer for each message (null: no text), or null when a message isn't understood or
 *   can't be answered; the password is not copied
 */
export function answersTo(
  styles: readonly number[],
  credentials: PamCredentials | null,
): (Uint8Array<ArrayBuffer> | null)[] | null {
  const answers: (Uint8Array<ArrayBuffer> | null)[] = [];
  for (const style of styles) {
    if (isText(style)) answers.push(null);
    else if (credentials === null) return null;
    else if (style === Style.PROMPT_ECHO_OFF) answers.push(credentials.password.reveal());
    else if (style === Style.PROMPT_ECHO_ON) {
      answers.push(new TextEncoder().encode(credentials.username));
    } else return null;
  }
  return answers;
}

/** Says whether a message tells the user something, rather than asking. */
export function isText(style: number): boolean {
  return style === Style.ERROR_MSG || style === Style.TEXT_INFO;
}
