import { Failure } from "../../core/failure.ts";
import { encodeRequest, type HelperRequest, type PamRequest } from "../../pam/helper/protocol.ts";
import type { HelperReply } from "../../pam/helper/reply.ts";
import type { PamResult } from "../../pam/pam_result.ts";
import { LONGEST_LOGIN_MS } from "../limits.ts";
import type { HelperState } from "../../service_state.ts";
import { HelperConnection, HelperLost, RequestUnread } from "./helper_connection.ts";
import type { PamOutcome } from "./pam_outcome.ts";
import { Turns } from "./turns.ts";

/** How a pool works. */
export interface HelperPoolOptions {
  /** Path of the socket behind which each connection has a helper of its own. */
  socket: string;
  /** The largest number of connections. */
  limit: number;
  /** PAM's time limit. A helper has it as its own setting; the pool waits a little longer. */
  timeoutSeconds: number;
  /** How many requests may wait for a connection. */
  maxWaiting: number;
  /** Is told of each time that PAM was asked, how long that took and what came of it. */
  observe?: (seconds: number, outcome: PamOutcome) => void;
}

/** PAM's answer, and who gave it. */
export interface PamReply {
  result: PamResult;
  /** Whom the helper runs as, if not root. */
  uid: number | null;
}

/** A helper that is free for one request. */
export interface PoolTurn extends Disposable {
  /**
   * Has PAM asked.
   *
   * @throws Failure `helper_lost` where there is no answer, `untrusted_path`, `bad_call`
   */
  ask(request: PamRequest): Promise<PamReply>;
}

/** How long a helper may take in addition to PAM, its own start included, in seconds. */
const SLACK_SECONDS = 2;

/** How long a request may wait for a helper, in seconds. */
const MAX_WAIT_SECONDS = 30;

/**
 * PAM's helpers. Each has a connection of its own, which is opened when it is needed and kept; it
 * has one request at a time.
 *
 * No request is sent twice, since modules count wrong passwords: when a connection breaks, nobody
 * knows how far its helper came.
 */
export class HelperPool {
  readonly #options: HelperPoolOptions;
  readonly #turns: Turns;
  /** All connections. */
  readonly #open = new Set<HelperConnection>();
  /** Those that wait for a request; the last one was used last. */
  #idle: HelperConnection[] = [];
  #isClosed = false;
  #isRetired = false;

  constructor(options: HelperPoolOptions) {
    this.#options = options;
    this.#turns = new Turns({ ...options, waitSeconds: waitSecondsFor(options.timeoutSeconds) });
  }

  /**
   * Waits until a helper is free, which is kept until what is returned is disposed of.
   *
   * @throws HelpersBusy where none was for too long, or too many wait
   * @throws Failure `helper_lost` where the pool is closed
   */
  async turn(): Promise<PoolTurn> {
    await this.#turns.get(false);
    return {
      ask: (request) => this.#askPam(request),
      [Symbol.dispose]: () => this.#turns.done(),
    };
  }

  /**
   * Has PAM asked, in a turn of its own.
   *
   * @throws as {@link turn} and {@link PoolTurn.ask}
   */
  async askPam(request: PamRequest): Promise<PamReply> {
    using turn = await this.turn();
    return await turn.ask(request);
  }

  /**
   * Asks for the name of a user's account; null if there is none. It does not wait behind others,
   * since the user's password has.
   *
   * @throws as {@link askPam}
   */
  async accountName(username: string): Promise<string | null> {
    await this.#turns.get(true);
    try {
      const reply = await this.#send({ kind: "account_name", username }, "accountName");
      return reply.accountName;
    } finally {
      this.#turns.done();
    }
  }

  /** How busy it is now. */
  state(): HelperState {
    const { busy, waiting } = this.#turns;
    return { open: this.#open.size, busy, limit: this.#options.limit, waiting };
  }

  /** Keeps no connection any more: what is under way or waits still gets its answer. */
  retire(): void {
    this.#isRetired = true;
    for (const connection of [...this.#idle]) connection.close();
  }

  /** Closes all connections, for good; whoever waits or asks gets `helper_lost`. */
  close(): void {
    this.#isClosed = true;
    this.#turns.close(stopping());
    for (const connection of [...this.#open]) connection.close();
  }

  async #askPam(request: PamRequest): Promise<PamReply> {
    const startedAt = performance.now();
    let outcome: PamOutcome = "lost";
    try {
      const reply = await this.#send(request, "result");
      outcome = outcomeOf(reply.result);
      return reply;
    } finally {
      this.#options.observe?.((performance.now() - startedAt) / 1000, outcome);
    }
  }

  /** Sends a request, and overwrites it afterwards. */
  async #send<Answer extends "result" | "accountName">(
    request: HelperRequest,
    expected: Answer,
  ): Promise<Extract<HelperReply, Record<Answer, unknown>>> {
    const frame = encodeRequest(request);
    try {
      return await this.#ask(frame, expected);
    } finally {
      frame.fill(0);
    }
  }

  async #ask<Answer extends "result" | "accountName">(
    frame: Uint8Array,
    expected: Answer,
  ): Promise<Extract<HelperReply, Record<Answer, unknown>>> {
    for (;;) {
      const idle = this.#idle.pop();
      const connection = idle ?? await this.#connect();
      try {
        const reply = await connection.ask(frame, this.#options.timeoutSeconds + SLACK_SECONDS);
        if (!(expected in reply)) throw new HelperLost("answered something else");
        this.#keep(connection, reply.isLast);
        return reply as Extract<HelperReply, Record<Answer, unknown>>;
      } catch (error) {
        connection.close();
        // One that was kept may have ended in the meantime; a new one has no excuse.
        if (!(error instanceof RequestUnread && idle !== undefined)) throw error;
      }
    }
  }

  async #connect(): Promise<HelperConnection> {
    if (this.#isClosed) throw stopping();
    const connection = await HelperConnection.open(this.#options.socket);
    this.#open.add(connection);
    connection.ended.then(() => {
      this.#open.delete(connection);
      this.#idle = this.#idle.filter((other) => other !== connection);
    });
    if (this.#isClosed) connection.close();
    return connection;
  }

  #keep(connection: HelperConnection, isLast: boolean): void {
    if (isLast || this.#isRetired) connection.close();
    else if (connection.isOpen) this.#idle.push(connection);
  }
}

/** So that waiting and asking together end before the login is given up. */
function waitSecondsFor(timeoutSeconds: number): number {
  const left = LONGEST_LOGIN_MS / 1000 - timeoutSeconds - SLACK_SECONDS;
  return Math.max(1, Math.min(MAX_WAIT_SECONDS, left));
}

function outcomeOf({ outcome }: PamResult): PamOutcome {
  return outcome === "unnamed" ? "failed" : outcome;
}

function stopping(): Failure {
  return new Failure("helper_lost", "the service is stopping");
}
