import type { Deadline } from "./deadline.ts";
import { TooLate } from "./deadline.ts";
import type { Link } from "./link.ts";

/** After so long a rest, a connection is tried before it is used, in milliseconds. */
const RESTED_MS = 1000;

/** After so long, it is tried even if it never rests: the database may not be what it was. */
const BUSY_MS = 10_000;

/** How long that may take, in milliseconds. */
const TRIED_FOR_MS = 1000;

/** No connection is used for longer: what the server, or a name, has become is noticed then. */
const LONGEST_LIFE_MS = 30 * 60 * 1000;

/** A connection that is kept. */
interface Kept {
  link: Link;
  openedAt: number;
  triedAt: number;
  restsSince: number;
}

/** How connections come to be. */
export interface LinkSource {
  /** @throws Failure that says what is wrong with the server */
  open(deadline: Deadline): Promise<Link>;
  /** @throws Error of any kind where a connection is not what a new one would be */
  tryAgain(link: Link, deadline: Deadline): Promise<void>;
}

/** A few connections to a server, each used by one at a time; those who come later wait in a queue. */
export class Links {
  readonly #source: LinkSource;
  readonly #most: number;
  readonly #resting: Kept[] = [];
  readonly #queue: (() => void)[] = [];
  #used = 0;
  #isClosed = false;
  #settled: PromiseWithResolvers<void> | null = null;

  /** @param most how many there are at most */
  constructor(source: LinkSource, most: number) {
    this.#source = source;
    this.#most = most;
  }

  /**
   * Runs work on a connection.
   *
   * @param work gives its result, and what else the connection does before others may use it
   * @throws TooLate where none is free in time; and what connecting or the work throws
   */
  async use<T>(
    deadline: Deadline,
    work: (link: Link) => Promise<{ result: T; rest: Promise<unknown> | null }>,
  ): Promise<T> {
    await this.#takeTurn(deadline);
    let kept: Kept;
    try {
      kept = await this.#take(deadline);
    } catch (error) {
      this.#release();
      throw error;
    }
    let rest: Promise<unknown> | null = null;
    try {
      const done = await work(kept.link);
      rest = done.rest;
      return done.result;
    } finally {
      if (rest === null) this.#giveBack(kept);
      else rest.catch(() => {}).finally(() => this.#giveBack(kept));
    }
  }

  /** Waits until nobody uses a connection. */
  async settled(): Promise<void> {
    if (this.#used === 0) return;
    this.#settled ??= Promise.withResolvers();
    await this.#settled.promise;
  }

  /** Closes all of them; those in use, when their work has ended. */
  close(): void {
    this.#isClosed = true;
    for (const { link } of this.#resting.splice(0)) link.close();
  }

  async #takeTurn(deadline: Deadline): Promise<void> {
    if (this.#used < this.#most) {
      this.#used++;
      return;
    }
    const turn = Promise.withResolvers<void>();
    this.#queue.push(turn.resolve);
    try {
      await deadline.wait(turn.promise);
    } catch (error) {
      const place = this.#queue.indexOf(turn.resolve);
      // Its turn may have come at the same moment.
      if (place === -1) this.#release();
      else this.#queue.splice(place, 1);
      throw error;
    }
  }

  async #take(deadline: Deadline): Promise<Kept> {
    for (let kept = this.#resting.pop(); kept !== undefined; kept = this.#resting.pop()) {
      if (await this.#isUsable(kept, deadline)) return kept;
      kept.link.close();
    }
    const link = await this.#source.open(deadline);
    const now = performance.now();
    return { link, openedAt: now, triedAt: now, restsSince: now };
  }

  /** A server that was restarted, or a way to it that was lost, must cost no login its turn. */
  async #isUsable(kept: Kept, deadline: Deadline): Promise<boolean> {
    const { link, openedAt, triedAt, restsSince } = kept;
    const now = performance.now();
    if (link.isBroken || now - openedAt > LONGEST_LIFE_MS) return false;
    if (now - restsSince < RESTED_MS && now - triedAt < BUSY_MS) return true;
    try {
      await this.#source.tryAgain(link, deadline.atMost(TRIED_FOR_MS));
      kept.triedAt = performance.now();
      return true;
    } catch (error) {
      if (error instanceof TooLate && deadline.leftMs <= 0) throw error;
      return false;
    }
  }

  #giveBack(kept: Kept): void {
    if (this.#isClosed) kept.link.close();
    else if (!kept.link.isBroken) this.#resting.push({ ...kept, restsSince: performance.now() });
    this.#release();
  }

  #release(): void {
    const next = this.#queue.shift();
    if (next !== undefined) return next();
    this.#used--;
    if (this.#used > 0) return;
    this.#settled?.resolve();
    this.#settled = null;
  }
}
