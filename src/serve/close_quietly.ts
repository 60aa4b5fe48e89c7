/** Closes a connection; one that has ended by itself is closed already. */
export function closeQuietly(connection: Disposable): void {
  try {
    connection[Symbol.dispose]();
  } catch {
    // Nothing is left to close.
  }
}
