import { HOUR, type Rules, SECOND } from "./login_rules.ts";

/** An attempt that waits for its answer where another factor decides about the password. */
interface Open {
  places: string[];
  until: number;
}

/** The model's open attempts. */
export class LoginOpen {
  #open = new Map<string, Open>();

  /** Returns a function that undoes everything that happens from now on. */
  remember(): () => void {
    const before = structuredClone(this.#open);
    return () => {
      this.#open = before;
    };
  }

  /** Opens an attempt, for five minutes at the most; one without places counts for nothing. */
  open(id: string, places: string[], now: number, { challengeSeconds }: Rules): void {
    for (const [other, { places, until }] of this.#open) {
      const isOver = until <= now - (places.length === 0 ? 0 : 24 * HOUR);
      if (isOver) this.#open.delete(other);
    }
    this.#open.set(id, { places, until: now + Math.min(challengeSeconds, 300) * SECOND });
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  close(id: string): void {
    this.#open.delete(id);
  }

  closeAt(place: string): void {
    for (const [id, { places }] of this.#open) {
      if (places.includes(place)) this.#open.delete(id);
    }
  }

  /** Takes what has expired at a place. */
  takeExpired(place: string, now: number): Open[] {
    const expired = [...this.#open].filter(([, { places, until }]) =>
      places.includes(place) && (until <= now || until > now + 310 * SECOND)
    );
    for (const [id] of expired) this.#open.delete(id);
    // None can expire that late: the clock was set back.
    return expired.map(([, open]) => open).sort((a, b) => a.until - b.until)
      .map((open) => ({ ...open, until: Math.min(open.until, now) }));
  }

  /** How many are open at a place, and when the first expires. */
  at(place: string): { count: number; first: number } {
    const there = [...this.#open.values()].filter(({ places }) => places.includes(place));
    return { count: there.length, first: Math.min(...there.map(({ until }) => until)) };
  }
}
