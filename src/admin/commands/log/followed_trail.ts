import { type DatabasePlace, filePathOf, placeText } from "../../../core/database_place.ts";
import type { AuditRow } from "../../../core/decision.ts";
import type { EpochMs } from "../../../core/epoch.ts";
import { Failure } from "../../../core/failure.ts";
import type { DecisionFilter, DecisionFollower } from "../../../store/store.ts";
import { type AdminContext, databasePlace, openDatabase } from "../../context.ts";

/** How long one look waits for a login's transaction, in milliseconds: signals wait as well. */
const BUSY_TIMEOUT_MS = 250;

/** A database that is open, and which file it is. */
interface OpenTrail extends Disposable {
  file: string | null;
  follower: DecisionFollower;
}

/**
 * The audit trail of whatever database is at the path. A new file in its place is opened, and only its
 * decisions from then on count: those before were told, or aren't of this trail.
 */
export class FollowedTrail implements Disposable {
  readonly #context: AdminContext;
  readonly #filter: DecisionFilter;
  #open: OpenTrail | null = null;
  #wasOpen = false;
  /** When the newest decision was made that another file could have as well. */
  #newest: EpochMs;

  constructor(context: AdminContext, filter: DecisionFilter) {
    this.#context = context;
    this.#filter = filter;
    this.#newest = context.now();
  }

  /**
   * What is new; empty also while the database is locked, or missing for a moment.
   *
   * @throws Failure where there is no database at the beginning, or it can't be read
   */
  async next(): Promise<AuditRow[]> {
    try {
      const rows = await this.#nextOf(this.#open);
      if (rows.length > 0 || this.#isCurrent()) return rows;
      return await this.#nextOf(await this.#openAgain());
    } catch (error) {
      if (error instanceof Failure && this.#isPassing(error)) return [];
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
  }

  async #nextOf(trail: OpenTrail | null): Promise<AuditRow[]> {
    const rows = await trail?.follower.next(this.#context.now()) ?? [];
    for (const { lastAt } of rows) this.#newest = Math.max(this.#newest, lastAt);
    return rows;
  }

  /** Nothing in its place means that something is being put there. */
  #isCurrent(): boolean {
    if (this.#open === null) return false;
    const now = fileOf(databasePlace(this.#context));
    return now === null || now === this.#open.file;
  }

  async #openAgain(): Promise<OpenTrail> {
    // Looked at first: a file that comes after that is noticed the next time.
    const file = fileOf(databasePlace(this.#context));
    const options = { create: false, busyTimeoutMs: BUSY_TIMEOUT_MS };
    const store = await openDatabase(this.#context, options);
    const since = this.#wasOpen
      ? Math.max(this.#filter.since ?? 0, this.#newest + 1)
      : this.#filter.since;
    const follower = store.enrolments.follow({ ...this.#filter, since });
    if (this.#wasOpen) this.#context.warn("the database was replaced: following the new one");
    this.#open?.[Symbol.dispose]();
    this.#wasOpen = true;
    return this.#open = { file, follower, [Symbol.dispose]: () => store[Symbol.dispose]() };
  }

  #isPassing({ code }: Failure): boolean {
    const isPassing = code === "database_missing" || code === "database_unreachable";
    return code === "database_locked" || this.#wasOpen && isPassing;
  }
}

/** Which file a database is in; null where there is none. A server's is always the same. */
function fileOf(place: DatabasePlace): string | null {
  const path = filePathOf(place);
  return path === null ? placeText(place) : fileAt(path);
}

/** Which file is at a path; null for none. */
function fileAt(path: string): string | null {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev} ${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
