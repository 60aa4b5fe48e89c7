/**
 * How long to wait for something that should come within seconds, in milliseconds. It is long
 * enough that even on a busy machine, only something that never comes times out.
 */
export const PATIENCE_MS = 180_000;
