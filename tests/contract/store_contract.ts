import { testChallenges } from "./challenges.ts";
import { testEnrolments } from "./enrolments.ts";
import { testRecords } from "./records.ts";
import type { Engine } from "./stores.ts";
import { testTransactions } from "./transactions.ts";
import { testUsers } from "./users.ts";

/**
 * Tests what every store must hold to (`src/store/store.ts`), by its interface alone: nothing looks
 * into an engine's tables.
 */
export function testStoreContract(engine: Engine): void {
  testTransactions(engine);
  testChallenges(engine);
  testEnrolments(engine);
  testUsers(engine);
  testRecords(engine);
}
