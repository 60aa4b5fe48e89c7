import assert from "node:assert/strict";
import { changeAccounts } from "../lab/accounts.ts";
import { admin } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { sessionToken } from "../lab/session_token.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";

testWith(
  ROOT_AND_ACCOUNT,
  "whoever has the right password is told that it must be changed, and nobody else is",
  async () => {
    await withUser(async ({ username, password, db, attempt }) => {
      await changeAccounts("chage", ["--lastday", "0", username]);
      const play = async (word: string | Uint8Array, settings: Record<string, string> = {}) => {
        const login = await attempt({ totpFreePasswords: "100", ...settings });
        const { status, stderr } = await login.password(username, word);
        assert.equal(status, 1, stderr);
        assert.equal(stderr.includes(password), false);
        return { reason: await login.reason(), stderr };
      };
      const right = await play(password);
      assert.equal(right.reason, "Your password has expired: change it, then connect again");
      assert.match(
        right.stderr,
        / reason=account_refused .* detail="PAM service \S+: PAM_NEW_AUTHTOK_REQD, saying: You are /,
      );
      const wrong = await play("wrong");
      assert.equal(wrong.reason, "");
      assert.match(
        wrong.stderr,
        / reason=wrong_password .* detail="PAM service \S+: PAM_AUTH_ERR"/,
      );
      // A client that no method reaches, and a token, tell nothing of a password.
      const unreached = { IV_SSO: "", totpChallengeMethods: "crtext" };
      const [unaskable, guess] = [await play(password, unreached), await play("wrong", unreached)];
      assert.equal(unaskable.reason, guess.reason);
      const sent = sessionToken(Math.floor(Date.now() / 1000) + 5);
      const token = await play(sent, { session_state: "Authenticated" });
      assert.match(token.stderr, / reason=account_refused /);
      assert.equal(token.reason, "");
      await admin(db, ["disable", username]);
      assert.equal((await play(password)).reason, "");
      await admin(db, ["delete", username]);
      assert.equal((await play(password)).reason, "");
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "an account that has expired is refused in PAM's own words, in the log alone",
  async () => {
    await withUser(async ({ username, password, db, attempt }) => {
      await changeAccounts("chage", ["--expiredate", "2001-01-01", username]);
      const login = await attempt();
      const { status, stderr } = await login.password(username, password);
      assert.equal(status, 1);
      assert.match(
        stderr,
        / reason=account_refused .*saying: Your account has expired/,
      );
      assert.equal(await login.reason(), "");
      const { stdout } = await admin(db, ["log", "--json"]);
      assert.match(JSON.parse(stdout).at(-1).detail, /saying: Your account has expired/);
    });
  },
);
