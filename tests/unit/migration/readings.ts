import assert from "node:assert/strict";
import { MAX_ENTRIES, type Reading, UnreadableSource } from "../../../src/migration/reading.ts";

/** The bytes of a text. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** A secret of twenty bytes, in base32 and as bytes. */
export const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
export const SECRET_BYTES = bytes("12345678901234567890");

/** The users of a reading: their names with their secrets in hexadecimal. */
export function secretsIn({ users }: Reading): Record<string, string> {
  return Object.fromEntries(
    users.map(({ username, secret }) => [username, secret.reveal().toHex()]),
  );
}

/** The obstacles of a reading: place, kind, username and reason. */
export function obstaclesIn({ obstacles }: Reading): string[] {
  return obstacles.map(({ place, kind, username, reason }) =>
    `${place}: ${kind} ${username}: ${reason}`
  );
}

/** Asserts that a source is either read, or refused with the one error that is allowed. */
export function assertReadOrRefused(read: () => Reading): void {
  try {
    const { users, obstacles } = read();
    assert(users.length + obstacles.length <= MAX_ENTRIES);
    for (const { secret } of users) {
      assert(secret.reveal().length >= 10 && secret.reveal().length <= 128);
    }
  } catch (error) {
    assert(error instanceof UnreadableSource, String(error));
  }
}

/** Asserts that a source is refused, for a reason that does not contain the secret. */
export function assertRefused(read: () => Reading, reason: RegExp): void {
  assert.throws(read, (error: Error) => {
    assert(error instanceof UnreadableSource, String(error.stack));
    assert.match(error.message, reason);
    assert(!error.message.includes(SECRET));
    return true;
  });
}
