import type { EpochMs } from "../core/epoch.ts";
import { Severity } from "../login/decision_line.ts";
import type { ClientEvent } from "../openvpn/management/client_event.ts";
import { type CommandReply, ManagementSession } from "../openvpn/management/management_session.ts";
import { type SocketAddress, socketText } from "../service_options.ts";
import { messageOf } from "../text/message_of.ts";
import { ClientSessions } from "./client_sessions.ts";
import { closeQuietly } from "./close_quietly.ts";
import type { Server } from "./login_desk.ts";
import { Outbox } from "./outbox.ts";
import type { ServiceLog } from "./service_log.ts";
import { waitAtMost } from "./wait_at_most.ts";

/** The waits between two tries to connect, in milliseconds: they double. */
const WAITS = { first: 100, longest: 2000 } as const;

/** More than OpenVPN can owe for one client, in bytes; it reads on as soon as it can. */
const MOST_UNSENT = 4 * 1024 * 1024;

/** How long OpenVPN may say nothing at first, in milliseconds, until the log tells. */
const SILENT_MS = 5000;

/** OpenVPN serves one client, and others wait until that one goes. */
const SILENT =
  "OpenVPN says nothing: another management client may be connected to it, which has to " +
  "go through --management-proxy instead";

/** What a server's connection works with. */
export interface ServerParts {
  address: SocketAddress;
  /** Reads the password of the management socket; null for none. */
  password(): Uint8Array | null;
  event(server: Server, event: ClientEvent): void;
  log: ServiceLog;
  /** Called at each connection after the first. */
  reconnected(): void;
}

/** Hears what OpenVPN tells that is not for the service alone. */
export type Listener = (line: Uint8Array) => void;

/**
 * An OpenVPN server, by its management socket. It is connected to for as long as the service runs: where
 * OpenVPN is not there, or ends, it is tried again with growing waits.
 */
export class OpenvpnServer implements Server {
  readonly name: string;
  readonly sessions = new ClientSessions();
  readonly #parts: ServerParts;
  readonly #listeners = new Set<Listener>();
  #connection: Deno.Conn | null = null;
  #session: ManagementSession | null = null;
  #outbox: Outbox | null = null;
  #isReady = false;
  #since: EpochMs = Date.now();
  #connections = 0;
  #version: string | null = null;
  #trouble: string | null = null;
  #isEnding = false;
  #wake: () => void = () => {};

  constructor(parts: ServerParts) {
    this.name = socketText(parts.address);
    this.#parts = parts;
  }

  /** Whether OpenVPN is there. */
  get isConnected(): boolean {
    return this.#isReady;
  }

  /** When it came or went last. */
  get since(): EpochMs {
    return this.#since;
  }

  /** How often it came back. */
  get reconnects(): number {
    return Math.max(0, this.#connections - 1);
  }

  /** OpenVPN's version, as it says; null if it has not said. */
  get version(): string | null {
    return this.#version;
  }

  /** Keeps connected until `end`. */
  async run(): Promise<void> {
    let wait: number = WAITS.first;
    while (!this.#isEnding) {
      const wasReady = await this.#connectOnce();
      wait = wasReady ? WAITS.first : Math.min(2 * wait, WAITS.longest);
      if (!this.#isEnding) await this.#pause(wait);
    }
  }

  /** Ends the connection, and `run`. */
  end(): void {
    this.#isEnding = true;
    this.#close("the service ends");
    this.#wake();
  }

  /** Waits until OpenVPN has what it was told, or some time has passed. */
  async flush(milliseconds: number): Promise<void> {
    if (this.#outbox !== null) await waitAtMost(milliseconds, this.#outbox.settled());
  }

  tell(command: string): void {
    this.#session?.ask(command);
  }

  /** Sends a command; null where OpenVPN is not there, or goes before it has replied. */
  ask(command: Uint8Array): Promise<CommandReply | null> {
    if (!this.#isReady || this.#session === null) return Promise.resolve(null);
    return this.#session.ask(command);
  }

  /** Has a listener hear notifications, until what is returned is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns whether OpenVPN was there */
  async #connectOnce(): Promise<boolean> {
    try {
      using connection = await connect(this.#parts.address);
      if (this.#isEnding) return false;
      this.#connection = connection;
      await this.#hear(connection);
      this.#note("OpenVPN has closed the management connection");
    } catch (error) {
      this.#note(messageOf(error));
    } finally {
      this.#connection = null;
    }
    const wasReady = this.#isReady;
    this.#forget();
    return wasReady;
  }

  async #hear(connection: Deno.Conn): Promise<void> {
    const session = this.#begin(connection);
    const buffer = new Uint8Array(64 * 1024);
    const timer = setTimeout(() => this.#note(SILENT), SILENT_MS);
    try {
      for (;;) {
        const length = await connection.read(buffer);
        if (length === null || this.#session !== session) return;
        clearTimeout(timer);
        session.take(buffer.subarray(0, length));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #begin(connection: Deno.Conn): ManagementSession {
    const outbox = new Outbox(connection, MOST_UNSENT, (why) => {
      if (this.#connection === connection) this.#close(`OpenVPN ${why}`);
    });
    const session = new ManagementSession({
      write: (bytes) => outbox.send(bytes),
      ready: () => this.#ready(session),
      password: () => this.#parts.password(),
      event: (event) => this.#parts.event(this, event),
      begun: () => this.sessions.clear(),
      notification: (line) => {
        for (const listener of this.#listeners) listener(line);
      },
      close: (why) => this.#close(why),
    });
    this.#session = session;
    this.#outbox = outbox;
    return session;
  }

  #ready(session: ManagementSession): void {
    this.#isReady = true;
    this.#since = Date.now();
    this.#trouble = null;
    if (this.#connections++ > 0) this.#parts.reconnected();
    this.#log({ event: "connected" }, Severity.NOTICE);
    session.ask("version").then((reply) => {
      const line = reply?.find((line) => line.startsWith("OpenVPN Version: "));
      this.#version = line?.match(/OpenVPN (\d[\w.]{0,30})/)?.[1] ?? null;
    });
  }

  #close(why: string): void {
    if (this.#connection === null) return;
    if (!this.#isEnding) this.#note(why);
    closeQuietly(this.#connection);
    this.#connection = null;
  }

  #forget(): void {
    if (this.#isReady) {
      this.#since = Date.now();
      this.#log({ event: "disconnected", detail: this.#trouble }, Severity.NOTICE);
    }
    this.#isReady = false;
    this.#version = null;
    this.#session?.end();
    this.#session = null;
    this.sessions.clear();
  }

  /** Logs why there is no connection, unless it was the same before. */
  #note(why: string): void {
    if (this.#trouble === why || this.#isEnding) return;
    this.#trouble = why;
    if (!this.#isReady) this.#log({ event: "not connected", detail: why }, Severity.NOTICE);
  }

  #log(fields: Record<string, string | null>, severity: number): void {
    this.#parts.log.write({ ...fields, server: this.name }, severity);
  }

  async #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await waitAtMost(milliseconds, promise);
  }
}

function connect(address: SocketAddress): Promise<Deno.Conn> {
  return address.transport === "unix"
    ? Deno.connect({ transport: "unix", path: address.path })
    : Deno.connect({ hostname: address.hostname, port: address.port });
}
