import assert from "node:assert/strict";
import type { Attempt, Challenge } from "../../../src/core/challenge.ts";
import { Redacted } from "../../../src/core/redacted.ts";
import type { SessionToken } from "../../../src/core/session_token.ts";
import {
  afterFailure,
  type PasswordFailures,
} from "../../../src/core/throttle.ts";
import { type CodeFailures, NO_FAILURES } from "../../../src/core/lockout.ts";
import { refused } from "../../../src/core/verdict.ts";
import { passwordStep } from "../../../src/login/password_step.ts";
import type { PrimaryAuthentication } from "../../../src/login/primary_authentication.ts";
import type { LoginStore } from "../../../src/store/store.ts";

const ATTEMPT: Attempt = {
  id: "/tmp/acf",
  loginName: "Alice",
  commonName: null,
  address: "192.0.2.1",
};
const PASSWORD = "right";

/** PAM as a plain string: one password is right for everybody, and names lose their case. */
function fakePrimary(calls: string[]): PrimaryAuthentication {
  const passed = (name: string) => ({
    outcome: "passed" as const,
    username: name.toLowerCase(),
  });
  return {
    authenticate(name, password, address) {
      assert.equal(address, ATTEMPT.address);
      calls.push("authenticate");
      const text = new TextDecoder().decode(password.reveal());
      return text === PASSWORD ? passed(name) : refused("wrong_password");
    },
    checkAccount(name, address) {
      assert.equal(address, ATTEMPT.address);
      calls.push("account");
      return name === "Locked" ? refused("account_refused") : passed(name);
    },
  };
}

/** A store that knows alice alone. */
function fakeStore(
  recorded: Challenge[],
  failures: CodeFailures,
  saved: CodeFailures[],
  places: Map<string, PasswordFailures>,
): LoginStore {
  return {
    findEnrolment: (username, loginName) =>
      Promise.resolve(
        username === "alice" || loginName === "Known before"
          ? {
            username: "alice",
            secret: new Redacted(new Uint8Array(20)),
            issuer: "VPN",
            enrolledAt: 1_700_000_000_500,
            lastLoginAt: null,
            lastStep: null,
            failures,
          }
          : null,
      ),
    recordChallenge(challenge) {
      if (challenge.username !== "alice") return Promise.resolve(false);
      recorded.push(challenge);
      return Promise.resolve(true);
    },
    findPasswordFailures: (key) => Promise.resolve(places.get(key) ?? null),
    addPasswordFailure(keys, nowMs) {
      for (const key of keys) {
        places.set(key, afterFailure(places.get(key) ?? null, nowMs));
      }
      return Promise.resolve();
    },
    forgetPasswordFailures(key) {
      places.delete(key);
      return Promise.resolve();
    },
    saveFailures(_, failures) {
      saved.push(failures);
      return Promise.resolve();
    },
    settleChallenge: () => Promise.reject(new Error("not of this step")),
  };
}

async function play(request: {
  loginName?: string;
  password?: string;
  canAnswer?: boolean;
  token?: SessionToken;
  failures?: CodeFailures;
  /** Failed passwords so far, by place. */
  places?: Map<string, PasswordFailures>;
  now?: number;
}) {
  const calls: string[] = [];
  const recorded: Challenge[] = [];
  const saved: CodeFailures[] = [];
  const verdict = await passwordStep({
    attempt: { ...ATTEMPT, loginName: request.loginName ?? "Alice" },
    password: new Redacted(
      new TextEncoder().encode(request.password ?? PASSWORD),
    ),
    canAnswer: request.canAnswer ?? true,
    token: request.token ?? null,
  }, {
    primary: fakePrimary(calls),
    openStore() {
      calls.push("store");
      return Promise.resolve(
        fakeStore(
          recorded,
          request.failures ?? NO_FAILURES,
          saved,
          request.places ?? new Map(),
        ),
      );
    },
    now: () => request.now ?? 5000,
    challengeTimeoutSeconds: 300,
    throttle: { freeFailures: 3, maxWaitSeconds: 300 },
  });
  return { verdict, calls, recorded, saved };
}

Deno.test("passwordStep challenges by the name that PAM settled on", async () => {
  const { verdict, recorded } = await play({});
  assert.deepEqual(verdict, { outcome: "challenged" });
  assert.deepEqual(recorded, [{
    ...ATTEMPT,
    username: "alice",
    createdAt: 5000,
    expiresAt: 305_000,
    answer: null,
  }]);
});

Deno.test("passwordStep lets PAM rest inside a wait, and tells how long", async () => {
  const places = new Map<string, PasswordFailures>();
  for (let i = 0; i < 3; i++) {
    const { verdict } = await play({ password: "wrong", places });
    assert.deepEqual(verdict, refused("wrong_password"));
  }
  // The right password gets no better answer.
  for (const password of ["wrong", PASSWORD]) {
    const { verdict, calls } = await play({ password, places });
    assert(verdict.outcome === "refused");
    assert.equal(verdict.reason, "password_wait");
    assert.match(
      verdict.told!,
      /^TEMP\[backoff 1,advance no\]: Too many wrong passwords: try again in 1 second$/,
    );
    assert.deepEqual(calls, ["store"]);
  }
  const after = await play({ places, now: 6000 });
  assert.deepEqual(after.verdict, { outcome: "challenged" });
  assert.deepEqual([...places.keys()], ["network 192.0.2.1"]);
});

Deno.test("passwordStep counts alike what must look alike", async () => {
  const counts: number[] = [];
  for (
    const request of [
      { password: "wrong" },
      { loginName: "bob" },
      { loginName: "nobody", password: "wrong" },
    ]
  ) {
    const places = new Map<string, PasswordFailures>();
    await play({ ...request, places });
    counts.push(...[...places.values()].map(({ count }) => count));
  }
  assert.deepEqual(counts, [1, 1, 1, 1, 1, 1]);
});

Deno.test("passwordStep makes no user wait for another network's failures", async () => {
  const places = new Map([["user 192.0.2.66 Alice", {
    count: 99,
    lastAt: 5000,
  }]]);
  const { verdict } = await play({ places });
  assert.deepEqual(verdict, { outcome: "challenged" });
});

Deno.test("passwordStep ends a wait that a clock set back has made endless", async () => {
  const places = new Map([
    ["user 192.0.2.1 Alice", { count: 4, lastAt: 86_400_000 }],
  ]);
  assert.equal((await play({ places })).verdict.outcome, "refused");
  const { lastAt } = places.get("user 192.0.2.1 Alice")!;
  assert.equal(lastAt, 5000);
});

Deno.test("passwordStep refuses who isn't enrolled", async () => {
  const { verdict, recorded } = await play({ loginName: "bob" });
  assert.deepEqual(verdict, refused("not_enrolled"));
  assert.deepEqual(recorded, []);
});

Deno.test("passwordStep sends no challenge while codes are locked, and tells until when", async () => {
  const locked = { ...NO_FAILURES, locks: 1, lockedUntil: 5000 + 480_000 };
  const { verdict, recorded } = await play({ failures: locked });
  assert(verdict.outcome === "refused");
  assert.equal(verdict.reason, "codes_locked");
  assert.equal(
    verdict.told,
    "Too many wrong TOTP codes: try again in 8 minutes",
  );
  assert.deepEqual(recorded, []);
  const over = { ...locked, lockedUntil: 5000 };
  assert.equal((await play({ failures: over })).verdict.outcome, "challenged");
  const wrong = await play({ failures: locked, password: "wrong" });
  assert.deepEqual(wrong.verdict, refused("wrong_password"));
});

Deno.test("passwordStep shortens a lock that a clock set back has made too long", async () => {
  const locked = { ...NO_FAILURES, locks: 1, lockedUntil: 5000 + 86_400_000 };
  const { verdict, saved } = await play({ failures: locked });
  assert.equal(verdict.outcome, "refused");
  assert.deepEqual(saved, [{ ...locked, lockedUntil: 5000 + 3_600_000 }]);
});

Deno.test("passwordStep asks PAM nothing for a client that can't be challenged", async () => {
  const { verdict, calls } = await play({ canAnswer: false });
  assert.deepEqual(verdict, refused("client_without_crtext"));
  assert.deepEqual(calls, []);
});

Deno.test("passwordStep gives PAM no name or password that C would cut short", async () => {
  for (const loginName of ["", "ali\0ce", "ali\nce"]) {
    for (const token of [undefined, { loginAt: 2_000_000_000_000 }]) {
      const { verdict, calls } = await play({
        loginName,
        ...token ? { token } : {},
      });
      assert.deepEqual(verdict, refused("bad_username"));
      assert.deepEqual(calls, []);
    }
  }
  const { verdict, calls } = await play({ password: "right\0" });
  assert.deepEqual(verdict, refused("bad_password"));
  assert.deepEqual(calls, []);
});

Deno.test("passwordStep lets a verified token in while account and enrolment last", async () => {
  const token = { loginAt: 1_700_000_001_000 };
  const { verdict, calls } = await play({ token, canAnswer: false });
  assert.deepEqual(verdict, { outcome: "accepted", by: "token" });
  assert.deepEqual(calls, ["account", "store"]);
  const reason = async (loginName: string) => {
    const { verdict } = await play({ token, loginName });
    return "reason" in verdict ? verdict.reason : verdict.outcome;
  };
  assert.equal(await reason("Locked"), "account_refused");
  assert.equal(await reason("bob"), "not_enrolled");
  assert.equal(await reason("Known before"), "accepted");
});

Deno.test("passwordStep refuses a token of a login before the enrolment", async () => {
  const play1 = async (loginAt: number) =>
    (await play({ token: { loginAt } })).verdict.outcome;
  assert.equal(await play1(1_699_999_999_000), "refused");
  // In the second in which the user was enrolled, it may have been before.
  assert.equal(await play1(1_700_000_000_000), "refused");
  assert.equal(await play1(1_700_000_001_000), "accepted");
});

Deno.test("passwordStep tries no unverified token as a password", async () => {
  const { verdict, calls } = await play({ token: { loginAt: null } });
  assert.equal(verdict.outcome, "refused");
  assert.equal("reason" in verdict && verdict.reason, "token_refused");
  assert.deepEqual(calls, []);
});
