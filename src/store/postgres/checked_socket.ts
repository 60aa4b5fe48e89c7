import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** Thrown where what comes is not what a PostgreSQL server says. */
export class StrangeServer extends Error {
  override readonly name = "StrangeServer";
}

/** Thrown where whatever listens does not prove that it is the server. */
export class UnprovenServer extends Error {
  override readonly name = "UnprovenServer";
}

/** First byte and length of a message (PostgreSQL, "Message Formats"). */
const HEADER_BYTES = 5;

/** What a message about logging in begins with, and what it is about. */
const AUTHENTICATION = 0x52;
const OK = 0;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

/** Far more than any of these has. */
const MOST_AUTHENTICATION_BYTES = 64 * 1024;

/** What may come until the server has let the program in, and then: nothing else was asked for. */
const BEFORE = new Set(Buffer.from("REN"));
const AFTERWARDS = new Set(Buffer.from("SKZENTDCI12tn"));

/**
 * How often a password may have to be hashed, which holds up all other work. A server's usual number is
 * 4096 (PostgreSQL, `scram_iterations`).
 */
const MOST_ITERATIONS = 1_000_000;

const NO_KNOWN_WAY = "it asks for a password in no known way";

/**
 * A socket as the library may have it. The library trusts whatever it hears, and stops listening for
 * errors before the last one may come: either would end the process. So this passes on only what can
 * be right, and an error only while somebody listens.
 *
 * Where nothing else says who the server is, it must prove that it knows the password (SCRAM, RFC 5802),
 * and may not ask for the password itself: anybody who may listen at its port while it is away could
 * otherwise be taken for it.
 */
export class CheckedSocket extends EventEmitter {
  readonly #socket: Socket;
  readonly #mustProve: boolean;
  /** What has come of a message whose rest is needed to check it. */
  #held: Buffer = Buffer.alloc(0);
  /** How much of the last message is still to come, in bytes. */
  #rest = 0;
  #isLetIn = false;
  readonly #kinds = new Set<number>();
  #end: { error: Error | null } | null = null;

  /** @param mustProve whether nothing else says who the server is */
  constructor(socket: Socket, mustProve: boolean) {
    super();
    this.#socket = socket;
    this.#mustProve = mustProve;
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("error", (error) => this.#tell(error));
    socket.on("close", () => this.#close());
    socket.on("drain", () => this.emit("drain"));
  }

  get readyState(): string {
    return this.#socket.readyState;
  }

  /** The library begins to listen some time after the connection was made, which may have ended. */
  override on(event: string, listener: (...values: never[]) => void): this {
    super.on(event, listener as () => void);
    if (event === "close" && this.#end !== null) setTimeout(() => this.#tellEnd());
    return this;
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    return this.#socket.write(bytes, done);
  }

  end(bytes: Uint8Array): void {
    this.#socket.end(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    // What comes with the message that ended it is not looked at either.
    if (this.#socket.destroyed) return;
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    let at = 0;
    try {
      for (let size; (size = this.#next(all, at)) > 0; at += size);
    } catch (error) {
      this.#socket.destroy(error as Error);
      return;
    }
    this.#held = all.subarray(at);
    if (at > 0) this.emit("data", all.subarray(0, at));
  }

  /** How many bytes can be passed on from here, as far as they are there. */
  #next(bytes: Buffer, at: number): number {
    const there = bytes.length - at;
    if (this.#rest > 0) {
      const size = Math.min(this.#rest, there);
      this.#rest -= size;
      return size;
    }
    if (there < HEADER_BYTES) return 0;
    const type = bytes[at]!;
    const size = 1 + bytes.readUInt32BE(at + 1);
    const isKnown = (this.#isLetIn ? AFTERWARDS : BEFORE).has(type) && size >= HEADER_BYTES;
    if (!isKnown) throw new StrangeServer("it does not speak as a PostgreSQL server does");
    if (type !== AUTHENTICATION) {
      this.#rest = size;
      return this.#next(bytes, at);
    }
    if (size > MOST_AUTHENTICATION_BYTES) {
      throw new StrangeServer("it says too much about passwords");
    }
    if (there < size) return 0;
    this.#authenticate(bytes.subarray(at + HEADER_BYTES, at + size));
    return size;
  }

  #authenticate(content: Buffer): void {
    const kind = content.length < 4 ? NaN : content.readUInt32BE();
    const isAgain = this.#kinds.has(kind);
    this.#kinds.add(kind);
    this.#isLetIn = kind === OK;
    if (isAgain || Number.isNaN(kind)) throw new StrangeServer(NO_KNOWN_WAY);
    if (this.#mustProve) this.#requireProof(kind);
    if (kind !== SASL_CONTINUE) return;
    // RFC 5802, "server-first-message".
    const [, iterations] = content.toString("latin1", 4).match(
      /^r=[!-+\--~]+,s=[A-Za-z0-9+/=]+,i=([0-9]{1,10})(?:,|$)/,
    ) ?? [];
    const isRight = Number(iterations) >= 1 && Number(iterations) <= MOST_ITERATIONS;
    if (isRight) return;
    throw new StrangeServer(
      "it does not say, in a form that is allowed, how the password is to be hashed",
    );
  }

  /** Whether the proof is right, the library says. */
  #requireProof(kind: number): void {
    if (kind === OK && !this.#kinds.has(SASL_FINAL)) {
      throw new UnprovenServer(
        "it lets the program in without having proven that it knows the password",
      );
    }
    if (![OK, SASL, SASL_CONTINUE, SASL_FINAL].includes(kind)) {
      throw new UnprovenServer("it asks for the password itself");
    }
  }

  #tell(error: Error): void {
    if (this.#end === null) this.#end = { error };
    if (this.listenerCount("close") > 0) this.#tellEnd();
  }

  #close(): void {
    this.#end ??= { error: null };
    if (this.listenerCount("close") > 0) this.#tellEnd();
  }

  /** Tells it once: the library stops listening when it has heard of the end. */
  #tellEnd(): void {
    const error = this.#end!.error;
    if (error !== null && this.listenerCount("error") > 0) this.emit("error", error);
    this.emit("close", error !== null);
  }
}
