/** What ends a command that goes on until then. */
export interface EndSignal extends Disposable {
  /** A signal has come. */
  readonly isReached: boolean;
  /** Waits for work, or for a signal if that comes first. */
  orEnd(work: Promise<void>): Promise<void>;
  /** Waits for some milliseconds, or for a signal if that comes first. */
  within(ms: number): Promise<void>;
}

/** Takes signals as the wish to end, until it is disposed of. */
export function endSignal(signals: readonly Deno.Signal[]): EndSignal {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isReached = false;
  const reach = () => {
    isReached = true;
    resolve();
  };
  for (const signal of signals) Deno.addSignalListener(signal, reach);
  return {
    get isReached() {
      return isReached;
    },
    orEnd: (work) => Promise.race([work, promise]),
    async within(ms) {
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, ms);
      await Promise.race([pause.promise, promise]);
      clearTimeout(timer);
    },
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, reach);
    },
  };
}
