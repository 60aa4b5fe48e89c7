import { decodeLatin1 } from "../../text/latin1.ts";
import { type ClientEvent, ClientEventReader, isAboutClient } from "./client_event.ts";
import { LineSplitter } from "./line_splitter.ts";

/** What a session does with what it hears. */
export interface SessionHandlers {
  /** Sends bytes to OpenVPN. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** OpenVPN is there and listens to commands. */
  ready(): void;
  /** Gives the password that OpenVPN asks for; null for none, which ends the session. */
  password(): Uint8Array | null;
  event(event: ClientEvent): void;
  /** OpenVPN begins anew: it has no clients, and their ids will be other clients'. */
  begun(): void;
  /** A notification that anybody may see who may use the management interface. */
  notification(line: Uint8Array): void;
  /** Ends the connection. */
  close(why: string): void;
}

/** A reply of OpenVPN's to a command, in lines; latin1, so that bytes stay as they are. */
export type CommandReply = readonly string[];

interface Asked {
  command: string;
  lines: string[];
  bytes: number;
  answer(reply: CommandReply | null): void;
}

const PROMPT = "ENTER PASSWORD:";

/** Longest reply, in bytes: `status` of ten thousand clients has 2 MB. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;

const NO_PASSWORD =
  "OpenVPN asks for a password: give the file that it has to --management-password";

const WRONG_PASSWORD = "OpenVPN says that the password is wrong: see --management-password";

/** These have lines and an END after their SUCCESS. */
const WITH_HISTORY = /^(log|state|echo) +on +(all|\d+)$/;

/** How the line with a password begins: no more of any line about a client becomes a text here. */
const PASSWORD_LINE = ">CLIENT:ENV,password=";

/** Notifications that contain passwords, or are of no use without one that does. */
const PRIVATE = /^>(CLIENT:(CONNECT|REAUTH|CR_RESPONSE|ENV,password=)|PASSWORD:Auth-Token)/;

/**
 * One connection to OpenVPN's management interface: bytes in, events and replies out. OpenVPN answers
 * commands in their order; notifications come in between.
 */
export class ManagementSession {
  readonly #handlers: SessionHandlers;
  readonly #lines = new LineSplitter();
  readonly #events = new ClientEventReader();
  readonly #asked: Asked[] = [];
  #isReady = false;
  /** Within a block that others may not see. */
  #isPrivate = false;

  constructor(handlers: SessionHandlers) {
    this.#handlers = handlers;
  }

  /** Takes what OpenVPN sent, and overwrites it. */
  take(chunk: Uint8Array): void {
    for (const line of this.#lines.take(chunk)) {
      // A line that is too long may have been part of an event.
      if (line === null) this.#events.reset();
      else this.#takeLine(line);
    }
    if (!this.#isReady && decodeLatin1(this.#lines.unfinished) === PROMPT) this.#logIn();
  }

  /**
   * Sends a command.
   *
   * @param command one line; latin1 if it came as bytes
   * @returns the reply; null if the connection ended before
   */
  ask(command: string | Uint8Array): Promise<CommandReply | null> {
    const bytes = typeof command === "string" ? new TextEncoder().encode(command) : command;
    const { promise, resolve } = Promise.withResolvers<CommandReply | null>();
    this.#asked.push({ command: decodeLatin1(bytes), lines: [], bytes: 0, answer: resolve });
    this.#handlers.write(line(bytes));
    return promise;
  }

  /** To be called when the connection has ended. */
  end(): void {
    this.#events.reset();
    for (const { answer } of this.#asked.splice(0)) answer(null);
  }

  #logIn(): void {
    this.#lines.takeUnfinished();
    const password = this.#handlers.password();
    if (password === null) return this.#handlers.close(NO_PASSWORD);
    this.#handlers.write(line(password));
  }

  #takeLine(line: Uint8Array): void {
    if (line[0] !== ">".charCodeAt(0)) return this.#takeReply(line);
    if (isAboutClient(line)) {
      const event = this.#events.take(line);
      this.#tellIfPublic(line);
      if (event !== null) this.#handlers.event(event);
      return;
    }
    const text = decodeLatin1(line);
    if (text.startsWith(">INFO:") && !this.#isReady) {
      this.#isReady = true;
      this.#handlers.ready();
    }
    // The service is what OpenVPN was told to wait for.
    if (text.startsWith(">HOLD:")) {
      this.#handlers.begun();
      this.ask("hold release");
    }
    if (!PRIVATE.test(text)) this.#handlers.notification(line);
  }

  /** A whole block is left out if its first line is. */
  #tellIfPublic(line: Uint8Array): void {
    const text = decodeLatin1(line.subarray(0, PASSWORD_LINE.length));
    const isHead = !text.startsWith(">CLIENT:ENV,");
    if (isHead) this.#isPrivate = PRIVATE.test(text);
    if (!this.#isPrivate && !PRIVATE.test(text)) this.#handlers.notification(line);
  }

  #takeReply(line: Uint8Array): void {
    const asked = this.#asked[0];
    const text = decodeLatin1(line);
    // Such as the answer to the password.
    if (asked === undefined) {
      if (text.startsWith("ERROR: bad password")) this.#handlers.close(WRONG_PASSWORD);
      return;
    }
    asked.lines.push(text);
    asked.bytes += line.length + 1;
    if (asked.bytes > MAX_REPLY_BYTES) {
      return this.#handlers.close("OpenVPN sent a reply that has no end");
    }
    if (!isLast(text, asked)) return;
    this.#asked.shift();
    asked.answer(asked.lines);
  }
}

function isLast(text: string, { command, lines }: Asked): boolean {
  if (text === "END") return true;
  if (lines.length > 1) return false;
  if (text.startsWith("ERROR:")) return true;
  return text.startsWith("SUCCESS:") && !WITH_HISTORY.test(command);
}

function line(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes.length + 1);
  whole.set(bytes);
  whole[bytes.length] = 0x0a;
  return whole;
}
