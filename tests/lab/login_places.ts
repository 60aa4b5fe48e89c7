import type { Attempt } from "../../src/core/challenge.ts";
import { bareName, type Rules, SECOND } from "./login_rules.ts";

/** The networks of the addresses that clients come from, the narrowest first. */
const NETWORKS_OF: Record<string, string[]> = {
  "192.0.2.1": ["192.0.2.1", "192.0.2/24"],
  "64:ff9b::c000:201": ["192.0.2.1", "192.0.2/24"],
  "192.0.2.2": ["192.0.2.2", "192.0.2/24"],
  "192.0.2.9": ["192.0.2.9", "192.0.2/24"],
  "2001:db8::1": ["2001:db8/64", "2001:db8/56", "2001:db8/48"],
  "2001:db8::2": ["2001:db8/64", "2001:db8/56", "2001:db8/48"],
  "2001:db8:0:1::1": ["2001:db8:0:1/64", "2001:db8/56", "2001:db8/48"],
  "2001:db8:0:100::1": ["2001:db8:0:100/64", "2001:db8:0:100/56", "2001:db8/48"],
};

/** Failures of a place. They are a queue that is served at a steady rate, one after the other. */
interface Queue {
  /** When the last of them will have been served. */
  emptyAt: number;
  /** When the last of them came. */
  lastAt: number;
}

/** A place, and how many failures are free there. */
interface Place {
  key: string;
  free: number;
  /** How long it takes to serve one failure. */
  each: number;
}

/** What there was at some places. */
export type Before = ReadonlyMap<string, Queue | undefined>;

/** A place's name for a user from a network; failures of known users have another. */
export function pairOf({ loginName, address }: Pick<Attempt, "loginName" | "address">): string {
  return `${loginName} in ${NETWORKS_OF[address ?? ""]?.[0] ?? "no network"}`;
}

/** A place's name for all spellings of a user's name. */
function spellingOf({ loginName, address }: Attempt): string {
  return `any ${pairOf({ loginName: bareName(loginName), address })}`;
}

/** Says whether a place is a user's own, and not a network. */
export function isOwn(place: string): boolean {
  return place.includes(" in ");
}

/** The model's failed logins, by the place that they came from. */
export class LoginPlaces {
  readonly #rules: Rules;
  #queues = new Map<string, Queue>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Returns a function that undoes everything that happens from now on. */
  remember(): () => void {
    const before = structuredClone(this.#queues);
    return () => {
      this.#queues = before;
    };
  }

  /**
   * What counts an attempt's failures: a known user's own place; or theirs and the networks. All
   * spellings of a name share their guesses.
   */
  placesOf(attempt: Attempt, isKnown: boolean): string[] {
    const [pair, spelling] = [pairOf(attempt), spellingOf(attempt)];
    return isKnown
      ? [`known ${pair}`, spelling]
      : [pair, spelling, ...NETWORKS_OF[attempt.address ?? ""] ?? []];
  }

  /**
   * How long attempts are refused here: beyond the free failures one second, then two, four and so on
   * up to the longest wait. In wider networks, more are free.
   *
   * @param all the places of the attempt, if only some of them make it wait
   * @returns in seconds
   */
  waitAt(keys: readonly string[], now: number, all = keys): number {
    const waits = keys.map((key) => this.#waitAt(key, now));
    const seconds = Math.max(...waits);
    // If the clock was set back, the whole wait begins again now.
    const isEarly = keys.some((key) => (this.#queues.get(key)?.lastAt ?? 0) > now);
    if (seconds > 0 && isEarly) all.forEach((key) => this.#beginAgain(key, now));
    return seconds;
  }

  #waitAt(key: string, now: number): number {
    const queue = this.#queues.get(key);
    if (queue === undefined) return 0;
    const { free, each } = this.#place(key);
    // What is left of a failure counts as one.
    const beyond = Math.ceil((queue.emptyAt - queue.lastAt) / each) - free;
    if (beyond < 0) return 0;
    const wait = Math.min(2 ** beyond, this.#rules.maxWaitSeconds) * SECOND;
    const end = Math.min(queue.lastAt, now) + wait;
    return Math.max(0, Math.ceil((end - now) / SECOND));
  }

  #beginAgain(key: string, now: number): void {
    const queue = this.#queues.get(key);
    const early = (queue?.lastAt ?? 0) - now;
    if (queue !== undefined && early > 0) {
      this.#put(key, { lastAt: now, emptyAt: queue.emptyAt - early });
    }
  }

  /** Counts a failure, and gives what there was before. */
  fail(keys: readonly string[], at: number): Before {
    return new Map(keys.map((key) => {
      const before = this.#queues.get(key);
      // A moment before the last failure is none: then, the clock was set back.
      const moment = Math.max(at, before?.lastAt ?? at);
      const from = Math.max(moment, before?.emptyAt ?? moment);
      this.#put(key, { lastAt: moment, emptyAt: from + this.#place(key).each });
      return [key, before];
    }));
  }

  /** Undoes a failure after which nobody else failed. */
  undo(before: Before): void {
    for (const [key, queue] of before) this.#put(key, queue);
  }

  /** A user has shown who they are: all their failures here go, and their part in wider places. */
  forgive(attempt: Attempt, now: number): void {
    const [pair, spelling] = [pairOf(attempt), spellingOf(attempt)];
    this.#forget(`known ${pair}`, [spelling], now);
    this.#forget(pair, [spelling, ...NETWORKS_OF[attempt.address ?? ""] ?? []], now);
  }

  #forget(own: string, wider: readonly string[], now: number): void {
    const queue = this.#queues.get(own);
    if (queue === undefined) return;
    this.#put(own);
    const { each: ownEach } = this.#place(own);
    const count = (queue.emptyAt - queue.lastAt) / ownEach;
    for (const key of wider) {
      const { each } = this.#place(key);
      // Wide networks serve faster than the user's own place: there, one at most is surely left.
      const most = each === ownEach ? count : Math.min(1, count);
      const since = (this.#queues.get(key)?.lastAt ?? now) - queue.lastAt;
      this.#takeOff(key, Math.max(0, most * each - Math.max(0, since)));
    }
  }

  #takeOff(key: string, ms: number): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    const emptyAt = queue.emptyAt - ms;
    this.#put(key, emptyAt - queue.lastAt > 0.01 ? { ...queue, emptyAt } : undefined);
  }

  /** How many failures may still come before there is a wait. */
  freeAt(key: string, now: number): number {
    const { free, each } = this.#place(key);
    const queue = this.#queues.get(key);
    const left = queue === undefined ? 0 : queue.emptyAt - Math.max(now, queue.lastAt);
    return free - Math.max(0, left / each);
  }

  #place(key: string): Place {
    const { freeFailures, maxWaitSeconds } = this.#rules;
    const [times, pace] = isOwn(key)
      ? [1, 1]
      : key.endsWith("/48")
      ? [80, 8]
      : /\/(56|24)$/.test(key)
      ? [20, 4]
      : [5, 1];
    return { key, free: freeFailures * times, each: maxWaitSeconds * SECOND / pace };
  }

  /** Stores a queue. What was empty by then does not return if the clock is set back. */
  #put(key: string, queue?: Queue): void {
    for (const [other, { emptyAt }] of this.#queues) {
      if (queue && emptyAt <= queue.lastAt) this.#queues.delete(other);
    }
    if (queue === undefined) this.#queues.delete(key);
    else this.#queues.set(key, { ...queue });
  }
}
