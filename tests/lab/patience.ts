/**
 * How long to wait for something that should come within seconds, in milliseconds: so long that only
 * what never comes is given up, however busy the machine is.
 */
export const PATIENCE_MS = 180_000;
