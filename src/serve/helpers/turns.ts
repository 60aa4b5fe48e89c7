import { Failure } from "../../core/failure.ts";

/** Too many want a helper at once. */
export class HelpersBusy extends Failure {
  constructor(why: string) {
    super("helper_lost", why);
  }
}

interface Waiting {
  turn: PromiseWithResolvers<void>;
  timer: ReturnType<typeof setTimeout>;
}

/** Lets so many work at once, and has the others wait in a line, which is bounded in length and time. */
export class Turns {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #waitSeconds: number;
  #waiting: Waiting[] = [];
  #busy = 0;

  constructor(
    { limit, maxWaiting, waitSeconds }: { limit: number; maxWaiting: number; waitSeconds: number },
  ) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
    this.#waitSeconds = waitSeconds;
  }

  /** How many have a turn. */
  get busy(): number {
    return this.#busy;
  }

  /** How many are in the line. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Gets a turn, to be given back by {@link done}.
   *
   * @param isAhead to wait in front of all others, however many they are: for the second turn of
   *   whoever has waited once
   * @throws HelpersBusy
   */
  async get(isAhead: boolean): Promise<void> {
    if (this.#busy < this.#limit) {
      this.#busy++;
      return;
    }
    if (!isAhead && this.#waiting.length >= this.#maxWaiting) {
      throw new HelpersBusy(
        `all ${this.#limit} PAM helpers are busy, and ${this.#waiting.length} logins wait for them`,
      );
    }
    const turn = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#giveUp(turn), this.#waitSeconds * 1000);
    if (isAhead) this.#waiting.unshift({ turn, timer });
    else this.#waiting.push({ turn, timer });
    await turn.promise;
  }

  /** Gives a turn back, to the first in the line. */
  done(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#busy--;
      return;
    }
    clearTimeout(next.timer);
    next.turn.resolve();
  }

  /** Sends everybody in the line away. */
  close(error: Failure): void {
    for (const { turn, timer } of this.#waiting) {
      clearTimeout(timer);
      turn.reject(error);
    }
    this.#waiting = [];
  }

  #giveUp(turn: PromiseWithResolvers<void>): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.turn !== turn);
    turn.reject(
      new HelpersBusy(
        `none of ${this.#limit} PAM helpers was free for ${this.#waitSeconds} seconds`,
      ),
    );
  }
}
