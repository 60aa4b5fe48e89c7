import assert from "node:assert/strict";
import { Failure, type FailureCode } from "../../src/core/failure.ts";

/** Asserts that the work fails with a `Failure` with this code. */
export async function fails(
  work: () => Promise<unknown>,
  code: FailureCode,
): Promise<void> {
  await assert.rejects(work, (error) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}
