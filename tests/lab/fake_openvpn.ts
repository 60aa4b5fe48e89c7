import { LineSplitter } from "../../src/openvpn/management/line_splitter.ts";
import { writeAllAsync } from "../../src/system/write_all.ts";
import { encodeLatin1 } from "../../src/text/latin1.ts";
import {
  clientBlock,
  type KeyState,
  OpenvpnKeys,
  OWN_VARIABLES,
  type Word,
} from "./openvpn_keys.ts";

/**
 * The management interface of an OpenVPN server without OpenVPN: it says what clients do, keeps to
 * OpenVPN's rules about commands (see {@link OpenvpnKeys}).
 */
export class FakeOpenvpn implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #path: string | null;
  readonly #password: string | null;
  readonly #keys = new OpenvpnKeys((key, word) => this.#told(key, word));
  readonly #waiting = new Map<string, (word: Word) => void>();
  readonly #words = new Map<string, Word[]>();
  #connection: Deno.Conn | null = null;
  #connected = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();
  #serving: Promise<void>;
  #out: Promise<unknown> = Promise.resolve();
  #isEnded = false;

  /** All commands that came. */
  readonly commands: string[] = [];
  /** How often the service connected. */
  connections = 0;
  variables: Record<string, string> = { ...OWN_VARIABLES };

  private constructor(path: string | null, password: string | null) {
    this.#path = path;
    this.#password = password;
    this.#listener = path === null
      ? Deno.listen({ hostname: "127.0.0.1", port: 0 })
      : Deno.listen({ transport: "unix", path });
    this.#serving = this.#serve();
  }

  /**
   * @param path null: a port of the loopback address
   * @param password what is asked for first; null for nothing
   */
  static start(path: string | null, password: string | null = null): FakeOpenvpn {
    return new FakeOpenvpn(path, password);
  }

  /** Its socket, as an option of the service's. */
  get address(): string {
    return this.#path ?? `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** Is fulfilled when the service has connected, and is listened to. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** A client begins with a key; what it sends is said by itself. */
  begin(key: string): void {
    this.#keys.ask(key);
  }

  /** A client sends username and password. */
  logIn(key: string, username: string, password: string, more: Record<string, string> = {}): void {
    this.begin(key);
    const ids = key.replace(" ", ",");
    this.say(clientBlock(`CONNECT,${ids}`, { ...this.variables, username, password, ...more }));
  }

  /** A client sends an answer, asked for or not. */
  answer(key: string, code: string, username: string, more: Record<string, string> = {}): void {
    this.sendResponse(key, encodeLatin1(code).toBase64(), { username, ...more });
  }

  /** A client sends anything as an answer. */
  sendResponse(key: string, response: string, variables: Record<string, string>): void {
    const head = `CR_RESPONSE,${key.replace(" ", ",")},${response}`;
    this.say(clientBlock(head, { ...this.variables, ...variables }));
  }

  /** A client goes. */
  leave(cid: string): void {
    this.#keys.leave(cid);
    this.say(clientBlock(`DISCONNECT,${cid}`, this.variables));
  }

  /** Sends text as it is. */
  say(text: string): void {
    const bytes = encodeLatin1(text);
    this.#out = this.#out.then(() => writeAllAsync(this.#connection!, bytes)).catch(() => {});
  }

  /** The next word on a client's key that nobody has taken yet. */
  word(key: string): Promise<Word> {
    const there = this.#words.get(key)?.shift();
    if (there !== undefined) return Promise.resolve(there);
    const { promise, resolve } = Promise.withResolvers<Word>();
    this.#waiting.set(key, resolve);
    return promise;
  }

  /** What OpenVPN would do with a client's key. */
  stateOf(key: string): KeyState | undefined {
    return this.#keys.stateOf(key);
  }

  /** What the service did that it must not do. */
  get mistakes(): readonly string[] {
    return this.#keys.mistakes;
  }

  /** Waits until the service has gone; clients stay, as OpenVPN goes on. */
  async hungUp(): Promise<void> {
    await this.#ended.promise;
    this.#connected = Promise.withResolvers();
  }

  /** Ends the connection, as OpenVPN does when it restarts; its clients are gone then. */
  async hangUp(): Promise<void> {
    this.#connected = Promise.withResolvers();
    this.#keys.clear();
    await this.#out;
    try {
      this.#connection?.close();
    } catch {
      // The service was faster.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#listener.close();
    await this.hangUp();
    await this.#serving;
    if (this.#path !== null) await Deno.remove(this.#path).catch(() => {});
  }

  async #serve(): Promise<void> {
    try {
      // One at a time, as OpenVPN does.
      for await (const connection of this.#listener) await this.#hear(connection);
    } catch {
      // The listener was closed.
    }
  }

  async #hear(connection: Deno.Conn): Promise<void> {
    this.#connection = connection;
    this.connections++;
    this.#ended = Promise.withResolvers();
    let isAdmitted = this.#password === null;
    if (isAdmitted) this.#greet();
    else this.say("ENTER PASSWORD:");
    try {
      const lines = new LineSplitter();
      for await (const chunk of connection.readable) {
        for (const line of lines.take(chunk)) {
          const text = new TextDecoder().decode(line!);
          if (isAdmitted) this.#take(text);
          else if (!(isAdmitted = this.#admit(text))) return;
        }
      }
    } catch {
      // It has ended.
    } finally {
      this.#ended.resolve();
    }
  }

  #greet(): void {
    this.say(">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n");
    this.#connected.resolve();
  }

  #admit(password: string): boolean {
    const isRight = password === this.#password;
    this.say(isRight ? "SUCCESS: password is correct\r\n" : "ERROR: bad password\r\n");
    if (isRight) this.#greet();
    else this.#out = this.#out.then(() => this.#connection?.close());
    return isRight;
  }

  #take(line: string): void {
    this.commands.push(line);
    this.say(this.#keys.take(line));
  }

  #told(key: string, word: Word): void {
    const wait = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (wait !== undefined) wait(word);
    else this.#words.set(key, [...this.#words.get(key) ?? [], word]);
  }
}
