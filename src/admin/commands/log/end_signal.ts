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
  let isReached = false;
  let wake = () => {};
  const reach = () => {
    isReached = true;
    wake();
  };
  // A promise for each wait: one for all of them would keep every wait in memory until it is settled.
  const wait = async (begin: (waiting: PromiseWithResolvers<void>) => void) => {
    const waiting = Promise.withResolvers<void>();
    wake = waiting.resolve;
    begin(waiting);
    if (isReached) wake();
    await waiting.promise;
  };
  for (const signal of signals) Deno.addSignalListener(signal, reach);
  return {
    get isReached() {
      return isReached;
    },
    orEnd: (work) => wait(({ resolve, reject }) => work.then(resolve, reject)),
    async within(ms) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await wait(({ resolve }) => timer = setTimeout(resolve, ms));
      clearTimeout(timer);
    },
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, reach);
    },
  };
}
