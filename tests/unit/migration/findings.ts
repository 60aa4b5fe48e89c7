import assert from "node:assert/strict";
import { MAX_ENTRIES, type Reading, UnreadableSource } from "../../../src/migration/reading.ts";

/** The bytes of a text. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** A secret of twenty bytes, in base32 and as bytes. */
export const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
export const SECRET_BYTES = bytes("12345678901234567890");

/** The result of a reading, in short: usernames with secrets in hexadecimal. */
export function secretsIn({ users }: Reading): Record<string, string> {
  return Object.fromEntries(
    users.map(({ username, secret }) => [username, secret.reveal().toHex()]),
  );
}

/** The problems that a reading found with entries: kind, username, reason. */
export function obstaclesIn({ obstacles }: Reading): string[] {
  return obstacles.map(({ place, kind, username, reason }) =>
    `${place}: ${kind} ${username}: ${reason}`
  );
}

/** Asserts that any input is read, or refused with the one allowed error. */
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

/** Asserts that a source is refused as a whole, with a reason that reveals no secret. */
export function assertRefused(read: () => Reading, reason: RegExp): void {
  assert.throws(read, (error: Error) => {
    assert(error instanceof UnreadableSource, String(error.stack));
    assert.match(error.message, reason);
    assert(!error.message.includes(SECRET));
    return true;
  });
}
