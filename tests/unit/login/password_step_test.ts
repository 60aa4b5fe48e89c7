import assert from "node:assert/strict";
import type { Attempt, Challenge } from "../../../src/core/challenge.ts";
import { Redacted } from "../../../src/core/redacted.ts";
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
    authenticate(name, password) {
      calls.push("authenticate");
      const text = new TextDecoder().decode(password.reveal());
      return text === PASSWORD ? passed(name) : refused("wrong_password");
    },
    checkAccount(name) {
      calls.push("account");
      return name === "Locked" ? refused("account_refused") : passed(name);
    },
  };
}

/** A store that knows alice alone. */
function fakeStore(recorded: Challenge[]): LoginStore {
  return {
    isEnrolled: (username) => Promise.resolve(username === "alice"),
    recordChallenge(challenge) {
      if (challenge.username !== "alice") return Promise.resolve(false);
      recorded.push(challenge);
      return Promise.resolve(true);
    },
    settleChallenge: () => Promise.reject(new Error("not of this step")),
  };
}

async function play(request: {
  loginName?: string;
  password?: string;
  canAnswer?: boolean;
  hasVerifiedToken?: boolean;
}) {
  const calls: string[] = [];
  const recorded: Challenge[] = [];
  const verdict = await passwordStep({
    attempt: { ...ATTEMPT, loginName: request.loginName ?? "Alice" },
    password: new Redacted(
      new TextEncoder().encode(request.password ?? PASSWORD),
    ),
    canAnswer: request.canAnswer ?? true,
    hasVerifiedToken: request.hasVerifiedToken ?? false,
  }, {
    primary: fakePrimary(calls),
    openStore() {
      calls.push("store");
      return Promise.resolve(fakeStore(recorded));
    },
    now: () => 5000,
    challengeTimeoutSeconds: 300,
  });
  return { verdict, calls, recorded };
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

Deno.test("passwordStep asks no store about a wrong password", async () => {
  const { verdict, calls } = await play({ password: "wrong" });
  assert.deepEqual(verdict, refused("wrong_password"));
  assert.deepEqual(calls, ["authenticate"]);
});

Deno.test("passwordStep refuses who isn't enrolled", async () => {
  const { verdict, recorded } = await play({ loginName: "bob" });
  assert.deepEqual(verdict, refused("not_enrolled"));
  assert.deepEqual(recorded, []);
});

Deno.test("passwordStep asks PAM nothing for a client that can't be challenged", async () => {
  const { verdict, calls } = await play({ canAnswer: false });
  assert.deepEqual(verdict, refused("client_without_crtext"));
  assert.deepEqual(calls, []);
});

Deno.test("passwordStep gives PAM no name or password that C would cut short", async () => {
  for (const loginName of ["", "ali\0ce", "ali\nce"]) {
    const { verdict, calls } = await play({ loginName });
    assert.deepEqual(verdict, refused("bad_username"));
    assert.deepEqual(calls, []);
  }
  const { verdict, calls } = await play({ password: "right\0" });
  assert.deepEqual(verdict, refused("bad_password"));
  assert.deepEqual(calls, []);
});

Deno.test("passwordStep lets a verified token in while account and enrolment last", async () => {
  const token = { password: "SESS_ID_AT_x", hasVerifiedToken: true };
  const { verdict, calls } = await play({ ...token, canAnswer: false });
  assert.deepEqual(verdict, { outcome: "accepted", by: "token" });
  assert.deepEqual(calls, ["account", "store"]);
  assert.deepEqual(
    (await play({ ...token, loginName: "Locked" })).verdict,
    refused("account_refused"),
  );
  assert.deepEqual(
    (await play({ ...token, loginName: "bob" })).verdict,
    refused("not_enrolled"),
  );
});

Deno.test("passwordStep takes an unverified token for a password", async () => {
  const { verdict, calls } = await play({ password: "SESS_ID_AT_x" });
  assert.deepEqual(verdict, refused("wrong_password"));
  assert.deepEqual(calls, ["authenticate"]);
});
