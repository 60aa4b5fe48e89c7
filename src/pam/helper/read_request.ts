import { Failure } from "../../core/failure.ts";
import { LENGTH_BYTES, MAX_BODY_BYTES } from "./protocol.ts";

/** Reads the next bytes into a buffer, and waits for them; gives how many, 0 at the end. */
export type ReadBytes = (buffer: Uint8Array<ArrayBuffer>) => number;

/** Reads requests from a stream, into memory that is used again and again. */
export class RequestReader {
  readonly #read: ReadBytes;
  readonly #buffer = new Uint8Array(LENGTH_BYTES + MAX_BODY_BYTES);
  #used = 0;

  constructor(read: ReadBytes) {
    this.#read = read;
  }

  /**
   * Reads the next request.
   *
   * @param begin called once the first bytes are there
   * @returns what follows its length, until {@link wipe}; null at the end of the stream
   * @throws Failure `bad_call` for a length that is not allowed, and for an end within a request
   */
  next(begin: () => void): Uint8Array<ArrayBuffer> | null {
    const first = this.#readSome(LENGTH_BYTES);
    if (first === 0) return null;
    begin();
    this.#readUpTo(LENGTH_BYTES);
    const length = new DataView(this.#buffer.buffer).getUint32(0);
    if (length < 1 || length > MAX_BODY_BYTES) {
      throw new Failure(
        "bad_call",
        `a request has ${length} bytes, expected 1 to ${MAX_BODY_BYTES}`,
      );
    }
    this.#readUpTo(LENGTH_BYTES + length);
    return this.#buffer.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  }

  /** Overwrites what was read, to begin with the next request. */
  wipe(): void {
    this.#buffer.fill(0, 0, this.#used);
    this.#used = 0;
  }

  #readUpTo(end: number): void {
    while (this.#used < end) {
      if (this.#readSome(end) === 0) {
        throw new Failure("bad_call", "standard input ended within a request");
      }
    }
  }

  /** Never reads beyond the request: what comes behind is the next one's. */
  #readSome(end: number): number {
    const count = this.#read(this.#buffer.subarray(this.#used, end));
    this.#used += count;
    return count;
  }
}
