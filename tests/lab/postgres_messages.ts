/** A message of PostgreSQL's protocol: its type (none for the first one of a client), and all bytes. */
export interface Message {
  type: string;
  /** The whole message, with type and length. */
  bytes: Uint8Array;
  /** What comes after the length. */
  body: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Reads messages from a connection, whose first one may have no type. */
export class MessageReader {
  readonly #connection: Deno.Conn;
  readonly #chunk = new Uint8Array(16_384);
  #rest = new Uint8Array();

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Reads the message that a client begins with; null at the end. */
  first(): Promise<Message | null> {
    return this.#message(0);
  }

  /** Reads the next message; null at the end. */
  next(): Promise<Message | null> {
    return this.#message(1);
  }

  async #message(typeLength: number): Promise<Message | null> {
    if (!await this.#has(typeLength + 4)) return null;
    const length = typeLength + new DataView(this.#rest.buffer).getInt32(typeLength);
    if (!await this.#has(length)) return null;
    const bytes = this.#rest.slice(0, length);
    this.#rest = this.#rest.slice(length);
    return {
      type: decoder.decode(bytes.subarray(0, typeLength)),
      bytes,
      body: bytes.subarray(typeLength + 4),
    };
  }

  async #has(length: number): Promise<boolean> {
    while (this.#rest.length < length) {
      const chunk = this.#chunk;
      const count = await this.#connection.read(chunk).catch(() => null);
      if (count === null) return false;
      const rest = new Uint8Array(this.#rest.length + count);
      rest.set(this.#rest);
      rest.set(chunk.subarray(0, count), this.#rest.length);
      this.#rest = rest;
    }
    return true;
  }
}

/** Makes a message. */
export function message(type: string, ...parts: (string | Uint8Array)[]): Uint8Array {
  const bodies = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
  const length = bodies.reduce((sum, { length }) => sum + length, 4);
  const bytes = new Uint8Array(1 + length);
  bytes.set(encoder.encode(type));
  new DataView(bytes.buffer).setInt32(1, length);
  let at = 5;
  for (const body of bodies) {
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

/** The first texts of a body, each of which ends with a zero byte. */
export function texts(body: Uint8Array, count: number): string[] {
  return decoder.decode(body).split("\0", count);
}

/** Makes the message of an error. */
export function errorResponse(sqlstate: string, text: string): Uint8Array {
  return message("E", `SERROR\0VERROR\0C${sqlstate}\0M${text}\0\0`);
}
