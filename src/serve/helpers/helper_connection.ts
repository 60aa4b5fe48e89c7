import { Failure } from "../../core/failure.ts";
import { type HelperReply, MalformedReply, ReplyReader } from "../../pam/helper/reply.ts";
import { messageOf } from "../../text/message_of.ts";
import { requireTrustedSocket, START } from "./trusted_socket.ts";

/** A helper gave no answer, and may have begun with the request. */
export class HelperLost extends Failure {
  /** @param how what the helper did, as the end of a sentence */
  constructor(how: string) {
    super(
      "helper_lost",
      `the PAM helper ${how}: see what it says in the journal (journalctl -u 'openvpn-totp-pam@*')`,
    );
  }
}

/** A helper had ended before anything of a request was written: another one may be asked. */
export class NothingSent extends HelperLost {
  constructor() {
    super("ended at once");
  }
}

/** A connection to one helper, for one request at a time. */
export class HelperConnection {
  readonly #connection: Deno.UnixConn;
  readonly #ended = Promise.withResolvers<void>();
  #question: { answer: PromiseWithResolvers<HelperReply>; reader: ReplyReader } | null = null;
  #isOpen = true;

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
    this.#readAll();
  }

  /**
   * Connects to a helper.
   *
   * @throws Failure `untrusted_path`, `helper_lost`
   */
  static async open(path: string): Promise<HelperConnection> {
    const at = requireTrustedSocket(path);
    try {
      return new HelperConnection(await Deno.connect({ transport: "unix", path: at }));
    } catch (error) {
      throw new Failure(
        "helper_lost",
        `cannot reach a PAM helper at ${path}: ${messageOf(error)}: ${START}`,
      );
    }
  }

  /** Fulfilled when the connection is closed, from either side. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Whether another request may be sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Sends a request and waits for the reply. Whatever goes wrong closes the connection.
   *
   * @throws NothingSent, HelperLost
   */
  async ask(request: Uint8Array, timeoutSeconds: number): Promise<HelperReply> {
    if (!this.#isOpen) throw new NothingSent();
    const answer = Promise.withResolvers<HelperReply>();
    // It may fail while the request is still being written.
    answer.promise.catch(() => {});
    this.#question = { answer, reader: new ReplyReader() };
    const late = () => this.#end(`gave no answer within ${timeoutSeconds} seconds`);
    const timer = setTimeout(late, timeoutSeconds * 1000);
    try {
      await this.#write(request);
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#question = null;
    }
  }

  /** Closes the connection; a helper ends then. */
  close(): void {
    this.#end("was not needed any more");
  }

  async #write(request: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < request.length) {
        written += await this.#connection.write(request.subarray(written));
      }
    } catch (error) {
      this.#end("ended before it had read the request");
      if (written === 0 && isEnd(error)) throw new NothingSent();
      // The answer says what happened.
    }
  }

  /** Reads until the end, also while nothing is asked, so that the end is noticed at once. */
  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) return this.#end("ended before it answered");
        if (this.#question === null) return this.#end("spoke without being asked");
        const reply = this.#question.reader.push(buffer.subarray(0, count));
        if (reply !== null) this.#question.answer.resolve(reply);
      }
    } catch (error) {
      this.#end(error instanceof MalformedReply ? error.message : "ended before it answered");
    }
  }

  #end(why: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#connection.close();
    this.#question?.answer.reject(new HelperLost(why));
    this.#ended.resolve();
  }
}

/** Says whether the other side was gone when nothing had been written yet (EPIPE, ECONNRESET). */
function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.NotConnected;
}
