import { type Address, ADDRESS_BYTES, type Memory } from "../system/memory.ts";
import { answersTo, isText, type PamCredentials } from "./answers.ts";
import { MAX_MESSAGES } from "./libpam.ts";
import { ModuleTexts } from "./module_texts.ts";
import { Status } from "./status.ts";

/** struct pam_conv { int (*conv)(…); void *appdata_ptr; } */
const CONV = { conv: 0n, appdata_ptr: 8n, size: 16 } as const;
/** struct pam_message { int msg_style; const char *msg; } */
const MESSAGE = { msg_style: 0n, msg_style_bytes: 4, msg: 8n } as const;
/** struct pam_response { char *resp; int resp_retcode; } */
const RESPONSE = { resp: 0n, size: 16 } as const;

/** One transaction's side of a conversation with modules. */
export interface Conversation {
  /** Its `struct pam_conv`, for pam_start(3). */
  readonly structure: Address;
  /** What modules told the user so far. */
  readonly texts: ModuleTexts;
  /** Whoever asks from now on gets PAM_CONV_ERR. */
  silence(): void;
  /** Silences it and frees its structure, which libpam may use until pam_end(3) has returned. */
  end(): void;
}

/**
 * The function by which modules ask for the password (pam_conv(3)), as C code can call it: one for
 * all transactions, which it tells apart by the number in `appdata_ptr`.
 */
export class Conversations {
  readonly #memory: Memory;
  readonly #callback: Address;
  /** What each open transaction answers with, and what it was told. */
  readonly #open = new Map<bigint, Side>();
  #lastId = 0n;

  constructor(memory: Memory) {
    this.#memory = memory;
    // int (*conv)(int num_msg, const struct pam_message **, struct pam_response **, void *appdata)
    // It is never closed: a module that hangs may call it until the process ends.
    const { pointer } = new Deno.UnsafeCallback(
      { parameters: ["i32", "usize", "usize", "usize"], result: "i32" },
      (count, messages, responses, id) => this.#converse({ count, messages, responses }, id),
    );
    this.#callback = Deno.UnsafePointer.value(pointer);
  }

  /**
   * Begins a transaction's conversation. Its number is never given again, so that a module that
   * asks late can't be taken for another transaction's.
   *
   * @param credentials null: whoever asks gets PAM_CONV_ERR; texts are taken
   */
  begin(credentials: PamCredentials | null): Conversation {
    const id = ++this.#lastId;
    const structure = this.#memory.allocate(CONV.size);
    this.#memory.writeAddress(structure + CONV.conv, this.#callback);
    this.#memory.writeAddress(structure + CONV.appdata_ptr, id);
    const texts = new ModuleTexts();
    this.#open.set(id, { credentials, texts });
    const silence = () => void this.#open.delete(id);
    return {
      structure,
      texts,
      silence,
      end: () => {
        silence();
        this.#memory.free(structure);
      },
    };
  }

  /** An exception must not cross into C code: it becomes an error of the conversation. */
  #converse(call: ConversationCall, id: bigint): number {
    try {
      const side = this.#open.get(id);
      if (side === undefined || !isSound(call)) return Status.CONV_ERR;
      const messages = this.#readMessages(call);
      const answers = answersTo(messages.map(({ style }) => style), side.credentials);
      if (answers === null) return Status.CONV_ERR;
      for (const { style, text } of messages) if (isText(style)) this.#keepText(text, side);
      this.#memory.writeAddress(call.responses, this.#responsesOf(answers));
      return Status.SUCCESS;
    } catch {
      return Status.CONV_ERR;
    }
  }

  /**
   * Linux-PAM's layout: `messages` points to an array of pointers, one for each message. A null
   * pointer among them is a message of no known style.
   */
  #readMessages({ count, messages }: ConversationCall): { style: number; text: Address }[] {
    const memory = this.#memory;
    return Array.from({ length: count }, (_, i) => {
      const message = memory.readAddress(messages + BigInt(i * ADDRESS_BYTES));
      if (message === 0n) return { style: -1, text: 0n };
      const style = memory.read(message + MESSAGE.msg_style, MESSAGE.msg_style_bytes);
      return {
        style: style.getInt32(0, true),
        text: memory.readAddress(message + MESSAGE.msg),
      };
    });
  }

  #keepText(from: Address, { credentials, texts }: Side): void {
    const text = this.#memory.readString(from);
    if (text !== null) texts.add(text, credentials?.password.reveal() ?? null);
  }

  /**
   * An array of `struct pam_response` in the C library's memory, which the asking module wipes and
   * frees. All of it is allocated before a password is written: a failure leaves no copy behind.
   */
  #responsesOf(answers: readonly (Uint8Array<ArrayBuffer> | null)[]): Address {
    const memory = this.#memory;
    const array = memory.allocate(answers.length * RESPONSE.size);
    const texts = answers.map((answer) =>
      answer === null ? 0n : memory.allocate(answer.length + 1)
    );
    for (const [i, text] of texts.entries()) {
      memory.writeAddress(array + BigInt(i * RESPONSE.size) + RESPONSE.resp, text);
      if (text !== 0n) memory.write(text, answers[i]!);
    }
    return array;
  }
}

/** One transaction, as the conversation sees it. */
interface Side {
  credentials: PamCredentials | null;
  texts: ModuleTexts;
}

/** What C code hands to the conversation. */
interface ConversationCall {
  count: number;
  messages: Address;
  responses: Address;
}

/** Nothing is read or written at an address that a module left out. */
function isSound({ count, messages, responses }: ConversationCall): boolean {
  return count >= 1 && count <= MAX_MESSAGES && messages !== 0n && responses !== 0n;
}
