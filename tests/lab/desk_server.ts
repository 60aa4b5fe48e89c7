import type { ClientEvent } from "../../src/openvpn/management/client_event.ts";
import { LineSplitter } from "../../src/openvpn/management/line_splitter.ts";
import { ManagementSession } from "../../src/openvpn/management/management_session.ts";
import { ClientSessions } from "../../src/serve/client_sessions.ts";
import type { Server } from "../../src/serve/login_desk.ts";
import { encodeLatin1 } from "../../src/text/latin1.ts";
import { OpenvpnKeys, OWN_VARIABLES, type Word } from "./openvpn_keys.ts";

/** A connection of the service's. */
interface Link {
  session: ManagementSession;
  sessions: ClientSessions;
}

/** Bytes that arrive at once; the last number again and again. */
const PIECES = [1, 13, 200, 3, 4096];

/** An OpenVPN server in this process, to which a service is connected without a socket. */
export class DeskServer {
  readonly name: string;
  readonly keys: OpenvpnKeys;
  /** How many times OpenVPN was started before. */
  process = 0;
  #link: Link | null = null;
  #pieces = 0;
  #clients = 0;

  /** @param told is called with each word on a client's key */
  constructor(name: string, told: (key: string, word: Word) => void) {
    this.name = name;
    this.keys = new OpenvpnKeys(told);
  }

  /** The variables that OpenVPN sets for every client. */
  get variables(): Record<string, string> {
    return { ...OWN_VARIABLES, daemon_pid: `${4711 + this.process}` };
  }

  /** The number of the next client. */
  nextClient(): number {
    return this.#clients++;
  }

  /** A service connects, anew if it was connected before. */
  connect(take: (server: Server, event: ClientEvent) => void): void {
    this.disconnect();
    const sessions = new ClientSessions();
    const lines = new LineSplitter();
    const session = new ManagementSession({
      write: (bytes) => {
        for (const line of lines.take(bytes)) this.#take(session, new TextDecoder().decode(line!));
      },
      ready() {},
      password: () => null,
      event: (event) => take(server, event),
      begun() {},
      notification() {},
      close: (why) => this.keys.mistakes.push(`it hangs up: ${why}`),
    });
    const isHere = () => this.#link?.session === session;
    const server: Server = {
      name: this.name,
      sessions,
      tell: (command) => void (isHere() && session.ask(command)),
    };
    this.#link = { session, sessions };
    this.feed(">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n");
  }

  /** The service's connection ends. */
  disconnect(): void {
    this.#link?.session.end();
    this.#link?.sessions.clear();
    this.#link = null;
  }

  /** OpenVPN is started anew: it has no clients, and counts them from the beginning. */
  restart(): void {
    this.process++;
    this.#clients = 0;
    this.keys.clear();
  }

  /** Sends text, each byte as a character, in pieces of several sizes. */
  feed(text: string): void {
    const bytes = encodeLatin1(text);
    for (let done = 0; done < bytes.length;) {
      const size = PIECES[this.#pieces++ % PIECES.length]!;
      this.#link?.session.take(bytes.slice(done, done + size));
      done += size;
    }
  }

  /** How many of its clients the service is deciding about, and how many it has asked for a code. */
  count(): { inFlight: number; challenged: number } {
    return this.#link?.sessions.count() ?? { inFlight: 0, challenged: 0 };
  }

  #take(session: ManagementSession, line: string): void {
    const reply = encodeLatin1(this.keys.take(line));
    // OpenVPN's replies never arrive while the command is still being written.
    queueMicrotask(() => session.take(reply));
  }
}
