import type { Credentials } from "../core/credentials.ts";
import { type Address, ADDRESS_BYTES, type Memory } from "../system/memory.ts";
import { MAX_MESSAGES, Pam, Style } from "./libpam.ts";

// struct pam_conv { int (*conv)(…); void *appdata_ptr; }
const CONV_BYTES = 16;
// struct pam_response { char *resp; int resp_retcode; }
const RESPONSE_BYTES = 16;

/**
 * What to answer to a module's messages: the password to prompts that hide what is typed, the
 * username to those that show it, nothing to texts.
 *
 * @param styles each message's style, see `Style`
 * @returns an answer per message (null: none), or null when a message isn't understood
 */
export function answersTo(
  styles: readonly number[],
  credentials: Credentials,
): (Uint8Array<ArrayBuffer> | null)[] | null {
  const answers: (Uint8Array<ArrayBuffer> | null)[] = [];
  for (const style of styles) {
    switch (style) {
      case Style.PROMPT_ECHO_OFF:
        answers.push(credentials.password.reveal());
        break;
      case Style.PROMPT_ECHO_ON:
        answers.push(new TextEncoder().encode(credentials.username));
        break;
      case Style.ERROR_MSG:
      case Style.TEXT_INFO:
        answers.push(null);
        break;
      default:
        return null;
    }
  }
  return answers;
}

/**
 * The function by which PAM modules ask for the password (pam_conv(3)), as C code can call it. It
 * holds credentials only while {@link Conversation.during} runs.
 */
export class Conversation {
  /** `struct pam_conv`, for pam_start(3). */
  readonly structure: Address;

  readonly #memory: Memory;
  #credentials: Credentials | null = null;
  #isInUse = false;

  constructor(memory: Memory) {
    this.#memory = memory;
    const callback = new Deno.UnsafeCallback(
      { parameters: ["i32", "usize", "usize", "usize"], result: "i32" },
      (count, messages, responses) => this.#converse(count, messages, responses),
    );
    this.structure = memory.allocate(CONV_BYTES);
    memory.writeAddress(
      this.structure,
      Deno.UnsafePointer.value(callback.pointer),
    );
  }

  /**
   * Answers with these credentials while `call` runs.
   *
   * @throws Error while another call runs, whose modules could ask for these credentials
   */
  async during<T>(
    credentials: Credentials | null,
    call: () => Promise<T>,
  ): Promise<T> {
    if (this.#isInUse) throw new Error("one conversation at a time");
    this.#isInUse = true;
    this.#credentials = credentials;
    try {
      return await call();
    } finally {
      this.#credentials = null;
      this.#isInUse = false;
    }
  }

  /** An exception must not cross into C code: it becomes an error of the conversation. */
  #converse(count: number, messages: Address, responses: Address): number {
    try {
      const isCall = count >= 1 && count <= MAX_MESSAGES && messages !== 0n &&
        responses !== 0n;
      if (!isCall || !this.#credentials) return Pam.CONV_ERR;
      const answers = answersTo(
        this.#readStyles(count, messages),
        this.#credentials,
      );
      return answers === null ? Pam.CONV_ERR : this.#respond(answers, responses);
    } catch {
      return Pam.CONV_ERR;
    }
  }

  /** A message that isn't there is of no known style. */
  #readStyles(count: number, messages: Address): number[] {
    // const struct pam_message **: pointers to { int msg_style; const char *msg; }
    return Array.from({ length: count }, (_, i) => {
      const message = this.#memory.readAddress(
        messages + BigInt(i * ADDRESS_BYTES),
      );
      return message === 0n ? -1 : this.#memory.read(message, 4).getInt32(0, true);
    });
  }

  /** Hands over memory from the C library, since PAM wipes and frees it. */
  #respond(
    answers: (Uint8Array<ArrayBuffer> | null)[],
    responses: Address,
  ): number {
    const array = this.#memory.allocate(answers.length * RESPONSE_BYTES);
    for (const [i, answer] of answers.entries()) {
      if (answer === null) continue;
      this.#memory.writeAddress(
        array + BigInt(i * RESPONSE_BYTES),
        this.#memory.allocateString(answer),
      );
    }
    this.#memory.writeAddress(responses, array);
    return Pam.SUCCESS;
  }
}

/**
 * A PAM_FAIL_DELAY function that doesn't delay (pam_fail_delay(3)): libpam calls it instead of
 * sleeping, which would hold up the traffic of all clients.
 *
 * @returns its address
 */
export function noDelay(): Address {
  const callback = new Deno.UnsafeCallback(
    { parameters: ["i32", "u32", "usize"], result: "void" },
    () => {},
  );
  return Deno.UnsafePointer.value(callback.pointer);
}
