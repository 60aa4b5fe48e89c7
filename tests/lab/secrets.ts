import { type Code, readCode } from "../../src/core/code.ts";
import { Redacted } from "../../src/core/redacted.ts";
import { sealSecret, type SecretKey } from "../../src/core/sealed_secret.ts";

/** A key for tests that have no key file. */
export const TEST_KEY: SecretKey = {
  id: "0011223344556677",
  bytes: new Redacted(new Uint8Array(32).fill(9)),
};

/** Seals a secret with {@link TEST_KEY}, as `EnrolmentStore.enrol` wants it. */
export function sealing(
  secret: Uint8Array<ArrayBuffer>,
  username: string,
): () => ReturnType<typeof sealSecret> {
  return () => sealSecret(new Redacted(secret), username, TEST_KEY);
}

/** What a user typed, as a login gets it. */
export function given(text: string): Redacted<Code> | null {
  const code = readCode(text);
  return code === null ? null : new Redacted(code);
}
