const LINE_FEED = 0x0a;

/** A piece of a file as OpenVPN reads it. */
interface Piece {
  /** Includes the line end, if the piece reaches it. */
  bytes: Uint8Array;
  /** The number of the line that it begins in; the first line is 1. */
  line: number;
}

/** A file read piece by piece, as fgets(3) does. */
export class LineSource {
  readonly #content: Uint8Array;
  #at = 0;
  #line = 1;

  constructor(content: Uint8Array) {
    this.#content = content;
  }

  /** The rest of the current line, up to `most` bytes; null at the end of the file. */
  next(most: number): Piece | null {
    if (this.#at >= this.#content.length) return null;
    const rest = this.#content.subarray(this.#at, this.#at + most);
    const end = rest.indexOf(LINE_FEED);
    const piece = { bytes: end === -1 ? rest : rest.subarray(0, end + 1), line: this.#line };
    this.#at += piece.bytes.length;
    if (end !== -1) this.#line++;
    return piece;
  }
}
