import { writeAllAsync } from "../system/write_all.ts";

/**
 * Writes to a connection, one piece after the other, and nobody waits for it. How much the other side
 * has not taken yet is bounded.
 */
export class Outbox {
  readonly #connection: Pick<Deno.Conn, "write">;
  readonly #mostBytes: number;
  readonly #failed: (why: string) => void;
  #waiting = 0;
  #sending: Promise<void> = Promise.resolve();
  #isOver = false;

  /**
   * @param mostBytes how much may wait
   * @param failed called once, when no more is written, with what the other side does or cannot; it
   *   closes the connection
   */
  constructor(
    connection: Pick<Deno.Conn, "write">,
    mostBytes: number,
    failed: (why: string) => void,
  ) {
    this.#connection = connection;
    this.#mostBytes = mostBytes;
    this.#failed = failed;
  }

  /** Sends bytes, some time. */
  send(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#waiting += bytes.length;
    if (this.#waiting > this.#mostBytes) return this.#fail("does not read what it is sent");
    this.#sending = this.#sending.then(() => this.#write(bytes));
  }

  /** Waits until all is sent, or nothing more will be. */
  settled(): Promise<void> {
    return this.#sending;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#isOver) return;
    try {
      await writeAllAsync(this.#connection, bytes);
      this.#waiting -= bytes.length;
    } catch {
      this.#fail("cannot be written to");
    }
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failed(why);
  }
}
