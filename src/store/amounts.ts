/**
 * How much one step does in a database of any engine, so that nobody waits long for another.
 *
 * @module
 */

/** How many users are read at once: with SQLite, a login waits for that long at most. */
export const USERS_AT_ONCE = 1000;

/** How many old decisions go with each new one at most: one login must not pay for a whole day's. */
export const PRUNED_AT_ONCE = 20;

/** How many expired challenges go with each new one at most, for the same reason. */
export const FORGOTTEN_AT_ONCE = 100;
