import assert from "node:assert/strict";
import type { DecisionRecord } from "../../src/core/decision.ts";
import { recordDecision } from "../../src/store/postgres/audit.ts";
import type { PostgresDatabase } from "../../src/store/postgres/database.ts";

/** A transaction that is under way; it is committed at the end of its scope at the latest. */
export interface HeldDecision extends AsyncDisposable {
  commit(): Promise<void>;
  giveUp(): Promise<void>;
}

/** Records a decision in a transaction that is not committed yet. */
export async function holdDecision(
  database: PostgresDatabase,
  decision: DecisionRecord,
): Promise<HeldDecision> {
  const recorded = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const done = database.transaction(async (connection) => {
    // Otherwise the server ends it on a machine that has stood still for some seconds.
    await connection.run(
      "SELECT set_config('idle_in_transaction_session_timeout', '0', true)",
    );
    await recordDecision(connection, decision, EVERYTHING);
    recorded.resolve();
    await end.promise;
  });
  done.catch(recorded.reject);
  await recorded.promise;
  const commit = () => {
    end.resolve();
    return done;
  };
  let isGivenUp = false;
  return {
    commit,
    async giveUp() {
      isGivenUp = true;
      end.reject(new Error("given up"));
      await assert.rejects(done, /given up/);
    },
    async [Symbol.asyncDispose]() {
      if (!isGivenUp) await commit();
    },
  };
}

/** Keeps everything that a test records. */
const EVERYTHING = { maxDays: 90, maxRows: 10_000 };
