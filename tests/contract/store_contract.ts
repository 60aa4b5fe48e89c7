import { testAudit } from "./audit.ts";
import { testChallenges } from "./challenges.ts";
import { testEnrolments } from "./enrolments.ts";
import { testFollowing } from "./following.ts";
import { testNotices } from "./notices.ts";
import { testOpenAttempts } from "./open_attempts.ts";
import { testPlaces } from "./places.ts";
import { testSessions } from "./sessions.ts";
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
  testAudit(engine);
  testFollowing(engine);
  testPlaces(engine);
  testOpenAttempts(engine);
  testSessions(engine);
  testNotices(engine);
}
