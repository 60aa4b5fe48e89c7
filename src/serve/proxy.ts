import { MAX_COMMAND_BYTES } from "../openvpn/management/command.ts";
import { LineSplitter } from "../openvpn/management/line_splitter.ts";
import type { SocketAddress } from "../service_options.ts";
import { decodeLatin1, encodeLatin1 } from "../text/latin1.ts";
import { closeQuietly } from "./close_quietly.ts";
import { type ListeningSocket, listenOn } from "./listen.ts";
import type { OpenvpnServer } from "./openvpn_server.ts";
import { Outbox } from "./outbox.ts";

/** More clients than administrators have. */
const MOST_CLIENTS = 32;

/** Mode of the socket's file: this process's user and root may connect. */
const OWN_USER_ONLY = 0o600;

/** After an error of the system, in milliseconds. */
const REST_MS = 1000;

/** Replies and notifications that a client has not read, in bytes. */
const MOST_UNSENT = 16 * 1024 * 1024;

/**
 * The commands that are passed on: those that an OpenVPN server answers, each with one reply. Those that
 * decide about logins are the service's own.
 */
const PASSED_ON: readonly string[] = [
  ...["bytecount", "client-kill", "echo", "forget-passwords", "help", "hold", "kill", "load-stats"],
  ...["log", "mute", "needok", "net", "password", "pid", "signal", "state", "status", "username"],
  ...["verb", "version"],
];

/**
 * What these take. OpenVPN takes more, but answers it with two replies, or one of another form (`log on
 * off`, `log on 0`, `state off 3`), so that others' replies would be taken for it; and it counts to a
 * number that is too large while all traffic waits.
 */
const HISTORY = /^(log|state|echo)( (on|off|all|[1-9]\d{0,4}|on (all|[1-9]\d{0,4})))?$/;

const GREETING =
  ">INFO:OpenVPN Management Interface, through openvpn-totp -- type 'help' for more info";

/** A socket where the administrator's own management clients connect, many at once. */
export class Proxy {
  readonly #socket: ListeningSocket;
  readonly #server: OpenvpnServer;
  readonly #clients = new Set<Deno.Conn>();
  #isClosed = false;

  private constructor(socket: ListeningSocket, server: OpenvpnServer) {
    this.#socket = socket;
    this.#server = server;
  }

  /**
   * Opens a proxy to a server's management interface, for this process's user and root.
   *
   * @throws Failure `file_error`, `untrusted_path`
   */
  static async open(address: SocketAddress, server: OpenvpnServer): Promise<Proxy> {
    const proxy = new Proxy(await listenOn(address, OWN_USER_ONLY), server);
    proxy.#acceptAll();
    return proxy;
  }

  /** Drops all clients, stops listening, and removes the socket's file. */
  close(): void {
    this.#isClosed = true;
    this.#socket.close();
    for (const client of this.#clients) closeQuietly(client);
  }

  async #acceptAll(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const client = await this.#socket.accept();
        if (this.#clients.size >= MOST_CLIENTS) closeQuietly(client);
        else this.#serve(client);
      } catch {
        // The system is short of something, such as file descriptors; or this was closed.
        await new Promise((resolve) => setTimeout(resolve, REST_MS));
      }
    }
  }

  async #serve(client: Deno.Conn): Promise<void> {
    this.#clients.add(client);
    const outbox = new Outbox(client, MOST_UNSENT, () => closeQuietly(client));
    const say = (text: string) => outbox.send(encodeLatin1(`${text}\r\n`));
    const stop = this.#server.listen((line) => say(decodeLatin1(line)));
    try {
      say(GREETING);
      await this.#takeCommands(client, say);
      await outbox.settled();
    } catch {
      // It has gone.
    } finally {
      stop();
      this.#clients.delete(client);
      closeQuietly(client);
    }
  }

  async #takeCommands(client: Deno.Conn, say: (text: string) => void): Promise<void> {
    const lines = new LineSplitter();
    const buffer = new Uint8Array(4096);
    for (let length; (length = await client.read(buffer)) !== null;) {
      for (const line of lines.take(buffer.subarray(0, length))) {
        const text = line === null ? null : decodeLatin1(line);
        if (text === "exit" || text === "quit" || isHttp(text)) return;
        // One at a time for each client, so that it cannot fill the queue.
        if (text !== "") await this.#pass(text, say);
      }
    }
  }

  async #pass(command: string | null, say: (text: string) => void): Promise<void> {
    const objection = command === null ? "the line is too long" : this.#objectionTo(command);
    if (command === null || objection !== null) return say(`ERROR: ${objection}`);
    const reply = await this.#server.ask(encodeLatin1(command));
    if (reply === null) return say("ERROR: OpenVPN is not connected to openvpn-totp");
    for (const line of reply) say(line);
  }

  /** OpenVPN unquotes a command's name, too; so what isn't a plain name is not passed on. */
  #objectionTo(command: string): string | null {
    const [, name, rest = ""] = command.match(/^([a-z-]+)(?: (.*))?$/) ?? [];
    // deno-lint-ignore no-control-regex
    if (name === undefined || /[\x00-\x1f\x7f]/.test(rest)) return "this is not a command";
    if (command.length > MAX_COMMAND_BYTES) return "the line is too long";
    if (!PASSED_ON.includes(name)) return `openvpn-totp does not pass ${name} on`;
    if (["log", "state", "echo"].includes(name) && !HISTORY.test(command)) {
      return `${name} takes on, off, all, or a number of lines; behind on, all or a number`;
    }
    // A number would say what the client of this connection understands, which is the service.
    if (name === "version" && rest.trim() !== "") {
      return "openvpn-totp passes version on only without a number";
    }
    if (name === "client-kill" && !/^(0|[1-9]\d{0,19})( |$)/.test(rest)) {
      return "client-kill needs the number of a client";
    }
    const [cid] = rest.split(" ");
    return name === "client-kill" && this.#server.sessions.isUndecided(cid!)
      ? "openvpn-totp is deciding about this client"
      : null;
  }
}

/** A web page can have a browser on this machine send lines of its own to a port, behind HTTP's. */
function isHttp(text: string | null): boolean {
  return text !== null && / HTTP\/\d/.test(text);
}
