/**
 * How long a login's step may take until the client is told to come back, in milliseconds: OpenVPN
 * itself gives up after `hand-window`, a minute by default.
 */
export const LONGEST_LOGIN_MS = 55_000;

/** How long what is under way may still take when the service is told to end, in milliseconds. */
export const STOP_MS = 10_000;
