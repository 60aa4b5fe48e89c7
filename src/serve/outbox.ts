/**
 * Writes to a connection piece by piece in their order, without anybody's waiting for it. What is not
 * taken by the other side is bounded.
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
   * @param failed called once, when no more is written
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
    if (this.#waiting > this.#mostBytes) return this.#fail("it does not read what it is sent");
    this.#sending = this.#sending.then(() => this.#write(bytes));
  }

  /** Waits until all is sent, or nothing more will be. */
  settled(): Promise<void> {
    return this.#sending;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length && !this.#isOver;) {
        done += await this.#connection.write(bytes.subarray(done));
      }
      this.#waiting -= bytes.length;
    } catch {
      this.#fail("it cannot be written to");
    }
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failed(why);
  }
}
