import assert from "node:assert/strict";
import { MAX_ENTRIES, type Reading, UnreadableSource } from "../../../src/migration/reading.ts";

/** Bytes of a text. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** A secret of twenty bytes, in base32 and as bytes. */
export const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
export const SECRET_BYTES = bytes("12345678901234567890");

/** What a reading has, in short: usernames with secrets in hexadecimal. */
export function secretsIn({ users }: Reading): Record<string, string> {
  return Object.fromEntries(
    users.map(({ username, secret }) => [username, secret.reveal().toHex()]),
  );
}

/** What a reading has against entries: kind, username, reason. */
export function obstaclesIn({ obstacles }: Reading): string[] {
  return obstacles.map(({ place, kind, username, reason }) =>
    `${place}: ${kind} ${username}: ${reason}`
  );
}

/** Asserts that anything is read, or refused by the one error that may be. */
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

/** Asserts that a source is refused as a whole, for a reason that tells no secret. */
export function assertRefused(read: () => Reading, reason: RegExp): void {
  assert.throws(read, (error: Error) => {
    assert(error instanceof UnreadableSource, String(error.stack));
    assert.match(error.message, reason);
    assert(!error.message.includes(SECRET));
    return true;
  });
}
