import assert from "node:assert/strict";
import { doubtsAbout } from "../../../../src/admin/enrolment/account_names.ts";

/** Accounts by the names that a directory service finds them by, with their own names. */
function accounts(found: Record<string, string | null>) {
  return (username: string) => Object.hasOwn(found, username) ? found[username] : undefined;
}

Deno.test("a user whom the system knows by the same name is not doubtful", () => {
  assert.deepEqual(doubtsAbout(["alice", "zoë"], accounts({ alice: "alice", "zoë": "zoë" })), []);
  // The name cannot be told: it is not UTF-8, or there is no C library to ask.
  assert.deepEqual(doubtsAbout(["alice"], accounts({ alice: null })), []);
  assert.deepEqual(doubtsAbout([], accounts({})), []);
});

Deno.test("a name that the system writes in another case or form is named", () => {
  const folding = accounts({
    "ALICE": "alice",
    "EXAMPLE\\bob": "bob@example.com",
    "zoe\u0308": "zo\u00eb",
  });
  const doubts = doubtsAbout(["ALICE", "EXAMPLE\\bob", "zoe\u0308"], folding);
  assert.equal(doubts.length, 3);
  assert.match(
    doubts[0]!,
    /^the system's own name for "ALICE" is "alice", and PAM may use .*; if .* give .* as "alice"$/,
  );
  assert.match(doubts[1]!, /"EXAMPLE\\\\bob" is "bob@example\.com"/);
  assert.match(doubts[2]!, /is "zo\u00eb"/);
});

Deno.test("unknown users are named in one line, and the account that each may stand for", () => {
  const exact = accounts({ alice: "alice", bob: "bob" });
  const doubts = doubtsAbout(["Alice", "nobody1", "bob ", "bob"], exact);
  assert.equal(
    doubts[0],
    'the system has no account for "Alice", "nobody1", "bob ": ' +
      "logins will fail until there is one",
  );
  assert.deepEqual(doubts.slice(1).map((line) => line.match(/has an account ("[^"]*")/)?.[1]), [
    '"alice"',
    '"bob"',
  ]);
});

Deno.test("of very many unknown users, the first are named and the others counted", () => {
  const usernames = Array.from({ length: 10_000 }, (_, n) => `user${n}`);
  const [line] = doubtsAbout(usernames, accounts({}));
  assert.match(line!, /^the system has no account for "user0", .*"user19" and 9980 more: logins/);
});

Deno.test("of very many names in another case, the first are named and the others counted", () => {
  const unknown = Array.from({ length: 5_000 }, (_, n) => `USER${n}`);
  const lowered = (username: string) => username.startsWith("USER") ? undefined : username;
  const folded = (username: string) => username.toLowerCase();
  for (const [lookUp, lists] of [[lowered, 1], [folded, 0]] as const) {
    const doubts = doubtsAbout(unknown, lookUp);
    assert.equal(doubts.length, lists + 21);
    assert.match(doubts[lists + 19]!, /"user19"/);
    assert.equal(doubts.at(-1), "the system spells 4980 more of the names differently");
  }
});
