/** Waits until something is over, or for so many milliseconds if they pass before. */
export async function waitAtMost(milliseconds: number, work: Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  work.then(resolve, reject);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}
