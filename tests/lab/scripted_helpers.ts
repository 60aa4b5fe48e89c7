import {
  decodeRequest,
  encodeRequest,
  type HelperRequest,
  LENGTH_BYTES,
} from "../../src/pam/helper/protocol.ts";
import { encodeReply, type HelperReply } from "../../src/pam/helper/reply.ts";
import { writeAllAsync } from "../../src/system/write_all.ts";

/** A socket behind which a test itself answers, as PAM helpers would. */
export class ScriptedHelpers implements Disposable {
  readonly socket: string;
  readonly #listener: Deno.UnixListener;
  readonly #helpers: ScriptedHelper[] = [];

  /** @param directory where the socket is made */
  constructor(directory: string) {
    this.socket = `${directory}/pam.sock`;
    this.#listener = Deno.listen({ transport: "unix", path: this.socket });
  }

  /** How many connections were taken. */
  get count(): number {
    return this.#helpers.length;
  }

  /** Takes the next connection. */
  async next(): Promise<ScriptedHelper> {
    const helper = new ScriptedHelper(await this.#listener.accept());
    this.#helpers.push(helper);
    return helper;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const helper of this.#helpers) helper.close();
  }
}

/** The helper's side of a connection. */
export class ScriptedHelper {
  readonly #connection: Deno.UnixConn;
  #isOpen = true;

  constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  /** Reads a request; null at the end. */
  async request(): Promise<HelperRequest | null> {
    const head = await this.#read(LENGTH_BYTES);
    if (head === null) return null;
    const body = await this.#read(new DataView(head.buffer).getUint32(0));
    const request = body === null ? null : decodeRequest(body);
    if (request === null) throw new Error("the request is not whole");
    return request;
  }

  /** Says whether a request is there that was made so. */
  async isAsked(request: HelperRequest): Promise<boolean> {
    const own = await this.request();
    return own !== null && encodeRequest(own).toHex() === encodeRequest(request).toHex();
  }

  /** Sends a reply: PAM lets this user in, unless it is another one. */
  async reply(reply: Partial<HelperReply> | string): Promise<void> {
    const whole = typeof reply === "string"
      ? { result: { outcome: "passed", username: reply } as const }
      : reply;
    await this.send(encodeReply({ isLast: false, uid: null, ...whole } as HelperReply));
  }

  async send(bytes: Uint8Array): Promise<void> {
    await writeAllAsync(this.#connection, bytes);
  }

  close(): void {
    if (this.#isOpen) this.#connection.close();
    this.#isOpen = false;
  }

  async #read(length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const count = await this.#connection.read(bytes.subarray(at));
      if (count === null) return null;
      at += count;
    }
    return bytes;
  }
}
