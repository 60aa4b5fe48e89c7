import { type Code, readCode } from "../../src/core/code.ts";
import { Redacted } from "../../src/text/redacted.ts";
import type { SealedSecret } from "../../src/core/enrolment.ts";
import { sealSecret, type SecretKey } from "../../src/secrets/sealed_secret.ts";
import { COMMON_PARAMETERS } from "../../src/core/totp_parameters.ts";
import type { NewEnrolment } from "../../src/store/store.ts";

/** A key for tests that have no key file. */
export const TEST_KEY: SecretKey = {
  id: "0011223344556677",
  bytes: new Redacted(new Uint8Array(32).fill(9)),
};

/** A user to enrol, with a secret sealed with {@link TEST_KEY}. */
export async function sealedEnrolment(
  username: string,
  secret: Uint8Array<ArrayBuffer>,
  enrolledAt = 0,
): Promise<NewEnrolment> {
  const sealed = await sealSecret(new Redacted(secret), username, TEST_KEY);
  return newEnrolment(username, sealed, enrolledAt);
}

/** A user to enrol, with nothing unusual. */
export function newEnrolment(
  username: string,
  secret: SealedSecret,
  enrolledAt = 0,
): NewEnrolment {
  return {
    username,
    secret,
    enrolledAt,
    issuer: "VPN",
    parameters: COMMON_PARAMETERS,
    disabledAt: null,
    recoveryMarks: [],
    replacesOther: null,
  };
}

/** For a store whose secrets are sealed with {@link TEST_KEY} and not with the key file's keys. */
export const ANY_KEYS = { knownKeys: [TEST_KEY.id] };

/** What a user typed, in the form that a login receives. */
export function given(text: string): Redacted<Code> | null {
  const code = readCode(text);
  return code === null ? null : new Redacted(code);
}
