import assert from "node:assert/strict";
import { makePamService, PERMISSIVE_RULES } from "../lab/pam_service.ts";
import { admin, base64, codeOf, enroll, makeTestDirectory } from "../lab/program.ts";
import { playAttempt } from "../lab/hook_call.ts";
import { testWith } from "../lab/requirements.ts";
import { sessionToken } from "../lab/session_token.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";

testWith(
  ["root"],
  "totpUnenrolled allow admits nobody by another spelling of a name that needs a code",
  async () => {
    await using directory = await makeTestDirectory();
    await using service = await makePamService(PERMISSIVE_RULES);
    const { db } = directory;
    for (const name of ["alice", "carol", "søren"]) await enroll(db, name);
    await admin(db, ["disable", "carol"]);
    await admin(db, ["exempt", "link", "--from", "198.51.100.1"]);
    const logIn = async (name: string) => {
      const attempt = await playAttempt(directory.path, {
        totpTokenDbPath: db,
        totpUnenrolled: "allow",
        totpPamService: service.name,
        // All spellings of a name share the waits.
        totpFreePasswords: "100",
      });
      const { status, stderr } = await attempt.password(name, "any");
      assert.equal(await attempt.pending(), "");
      assert.equal(await attempt.reason(), "");
      return { status, stderr };
    };
    const spellings = ["ALICE", "alice ", "ＡＬＩＣＥ", "alıce", "Carol", "LINK", "link", "soren"];
    for (const name of [...spellings, "SØREN", "alice@example.org"]) {
      const { status, stderr } = await logIn(name);
      assert.equal(status, 1, stderr);
      assert.match(stderr, / reason=not_enrolled .* similar names that are enrolled or exempt: /);
    }
    const bob = await logIn("bob");
    assert.equal(bob.status, 0, bob.stderr);
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "the log says what PAM calls a user who was enrolled by another spelling",
  async () => {
    await withUser(async ({ username, password, db, attempt }) => {
      await admin(db, ["delete", username]);
      await enroll(db, username.toUpperCase());
      const login = await attempt();
      const { status, stderr } = await login.password(username, password);
      assert.equal(status, 1);
      const detail = `PAM calls this user \\"${username}\\", and a user must be enrolled under ` +
        `that name; similar names that are enrolled or exempt: \\"${username.toUpperCase()}\\"`;
      assert(stderr.includes(` reason=not_enrolled `), stderr);
      assert(stderr.includes(` detail="${detail}"\n`), stderr);
      assert.equal(await login.reason(), "");
      const { stdout } = await admin(db, ["log", "--json"]);
      assert.equal(JSON.parse(stdout).at(-1).detail, detail.replaceAll("\\", ""));
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "totpCommonName lets a user in only with the certificate of that name, whatever comes with it",
  async () => {
    await withUser(async ({ username, password, secret, db, attempt }) => {
      await admin(db, ["exempt", username]);
      const mismatch = async (settings: Record<string, string>, sent: string | Uint8Array) => {
        const login = await attempt({ totpCommonName: "same", ...settings });
        const { status, stderr } = await login.password(username, sent);
        assert.equal(status, 1);
        assert.match(stderr, / outcome=refused reason=common_name_mismatch /);
        assert.equal(await login.reason() + await login.pending(), "");
      };
      const token = sessionToken(Math.floor(Date.now() / 1000) + 2);
      for (const common_name of ["client1", username.toUpperCase(), ""]) {
        await mismatch({ common_name }, password);
        await mismatch({ common_name }, "wrong");
        await mismatch({ common_name, session_state: "Authenticated" }, token);
        await mismatch({ common_name, totpPrimaryAuth: "external" }, "x");
      }
      // None of these attempts counts: a wrong password would have had to wait by now.
      await admin(db, ["exempt", "--end", username]);
      const login = await attempt({
        totpCommonName: "same-ignoring-case",
        common_name: username.toUpperCase(),
      });
      assert.equal((await login.password(username, password)).status, 2);
      assert.equal((await login.answer(base64(codeOf(secret)))).status, 0);
    });
  },
);
