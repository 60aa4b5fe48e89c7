import type { SocketAddress } from "../../service_options.ts";
import { writeAllAsync } from "../../system/write_all.ts";
import { closeQuietly } from "../close_quietly.ts";
import { type ListeningSocket, listenOn } from "../listen.ts";
import { answerTo, encodeAnswer, type StatusSource } from "./answer.ts";
import { readRequest } from "./request.ts";

/**
 * Every user of the machine may connect: what is told names no user and no client, Prometheus's
 * exporters and `openvpn-totp status` must not need root's rights, and a loopback port would be open
 * to all users as well. What they can do with a connection is bounded.
 */
const SOCKET_MODE = 0o666;

/** What the status server grants its clients. */
export interface StatusLimits {
  /** How many are served at once; others wait in the system's queue. */
  connections: number;
  /** How long one may take, in milliseconds, to ask and to read the answer. */
  timeMs: number;
}

const LIMITS: StatusLimits = { connections: 16, timeMs: 5000 };

/** After an error of the system, such as too many open files. */
const REST_MS = 1000;

/** A running status server. */
export interface StatusServer {
  /** Drops all connections, stops listening, and removes the socket's file. */
  close(): Promise<void>;
}

/**
 * Tells the service's metrics (`/metrics`), readiness (`/ready`) and state (`/status`) over HTTP, to
 * anybody on this machine.
 *
 * It must not disturb logins, so connections are counted and timed here: `Deno.serve` keeps any number
 * of silent ones open for good, until the service has no file descriptor left (400 of 400 were still
 * open after 20 seconds, measured with 2.6.8).
 *
 * @throws Failure `file_error` where it can't listen; `untrusted_path`
 */
export async function openStatusServer(
  address: SocketAddress,
  source: StatusSource,
  limits: StatusLimits = LIMITS,
): Promise<StatusServer> {
  const socket = await listenOn(address, SOCKET_MODE);
  return new RunningServer(socket, { isTcp: address.transport === "tcp", source, limits });
}

class RunningServer implements StatusServer {
  readonly #socket: ListeningSocket;
  readonly #isTcp: boolean;
  readonly #source: StatusSource;
  readonly #limits: StatusLimits;
  readonly #open = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(
    socket: ListeningSocket,
    { isTcp, source, limits }: { isTcp: boolean; source: StatusSource; limits: StatusLimits },
  ) {
    this.#socket = socket;
    this.#isTcp = isTcp;
    this.#source = source;
    this.#limits = limits;
    this.#accepting = this.#acceptAll();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake();
    this.#socket.close();
    for (const connection of this.#open) closeQuietly(connection);
    await this.#accepting;
  }

  async #acceptAll(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#serve(await this.#socket.accept());
      } catch {
        await this.#change(REST_MS);
      }
      if (this.#open.size >= this.#limits.connections) await this.#change(null);
    }
  }

  /**
   * Waits until a connection or the server ends, or some milliseconds have passed. The promise is new
   * each time: one that lived as long as the server would keep every wait in memory.
   */
  async #change(milliseconds: number | null): Promise<void> {
    if (this.#isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = milliseconds === null ? undefined : setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
  }

  /**
   * Never fails: what becomes of a connection is its client's affair.
   *
   * An answer (some 20 KB) fits into the system's buffer (180 KB on a unix socket, 4 MB on loopback,
   * measured), so no write waits for a reader. If one ever does, it keeps its place and its descriptor
   * until the reader has gone, because Deno's `close` does not end a pending write (seen with 2.6.8).
   */
  async #serve(connection: Deno.Conn): Promise<void> {
    this.#open.add(connection);
    const timer = setTimeout(() => closeQuietly(connection), this.#limits.timeMs);
    try {
      const request = await readRequest(connection);
      const answer = answerTo(request, this.#isTcp, this.#source);
      await writeAllAsync(connection, encodeAnswer(answer));
      if (answer.status === 200) return;
      // What is left unread of a refused request would make the system drop the answer, too.
      await connection.closeWrite();
      await drain(connection);
    } catch {
      // It was too slow, or it has gone.
    } finally {
      clearTimeout(timer);
      closeQuietly(connection);
      this.#open.delete(connection);
      this.#wake();
    }
  }
}

/** Reads to the end, or as much as anybody may need to see the answer. */
async function drain(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(8192);
  for (let pieces = 0; pieces < 16; pieces++) {
    if (await connection.read(buffer) === null) return;
  }
}
