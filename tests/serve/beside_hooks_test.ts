import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { pamWith } from "../lab/fake_helpers.ts";
import { playAttempt, type PlayedAttempt } from "../lab/hook_call.ts";
import { admin, base64, keyFileOf, makeTestDirectory, wrongCodesOf } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { CLIENT, ServiceRig } from "../lab/service_rig.ts";

const REQUIRED = ["root", "useradd", "setpriv"] as const;

/** A service of another user's, root's hooks on its database, and an account that uses both. */
interface Both extends AsyncDisposable {
  rig: ServiceRig;
  username: string;
  code(offset?: number): string;
  /** The service's challenge to a right password. */
  ask(key: string): Promise<void>;
  /** The service's word on a right password that is refused. */
  refusedByService(key: string): Promise<string>;
  /** The reason why a hook refuses a right password. */
  refusedByHook(): Promise<string>;
  /** Answers to a hook's challenge; gives the attempt and the exit status. */
  answerHook(code: string): Promise<{ attempt: PlayedAttempt; status: number; stderr: string }>;
}

async function makeBoth(settings: Record<string, string> = {}): Promise<Both> {
  await using stack = new AsyncDisposableStack();
  const owner = stack.use(await makeAccount()).username;
  const { username, password } = stack.use(await makeAccount());
  const [uid, gid] = await Promise.all(["-u", "-g"].map((of) => mustRun("id", [of, owner])));
  const rig = stack.use(
    await ServiceRig.start({
      user: { uid: Number(uid), gid: Number(gid) },
      pam: pamWith(password),
      settings: Object.entries(settings).map(([name, value]) => `${name} ${value}`),
    }),
  );
  const tmp = stack.use(await makeTestDirectory()).path;
  const code = await rig.enrol(username);
  const played = () =>
    playAttempt(tmp, {
      totpTokenDbPath: rig.db,
      totpKeyFile: keyFileOf(rig.db),
      totpPamService: "login",
      // The client that comes to the service, too.
      untrusted_ip: CLIENT.untrusted_ip,
      ...settings,
    });
  const rest = stack.move();
  return {
    rig,
    username,
    code,
    async ask(key) {
      rig.server.logIn(key, username, password, CLIENT);
      const [word] = await rig.server.word(key);
      assert.equal(word, "client-pending-auth");
    },
    async refusedByService(key) {
      rig.server.logIn(key, username, password, CLIENT);
      return (await rig.server.word(key))[0]!;
    },
    async refusedByHook() {
      const attempt = await played();
      const { status, stderr } = await attempt.password(username, password);
      assert.equal(status, 1, stderr);
      return stderr.match(/ reason=(\w+)/)![1]!;
    },
    async answerHook(code) {
      const attempt = await played();
      const asked = await attempt.password(username, password);
      assert.equal(asked.status, 2, asked.stderr);
      const { status, stderr } = await attempt.answer(base64(code));
      return { attempt, status, stderr };
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

testWith(REQUIRED, "a code that root's hook took is refused by the service", async () => {
  await using both = await makeBoth();
  const { rig: { server }, code, username } = both;
  const used = code();
  assert.equal((await both.answerHook(used)).status, 0);
  await both.ask("0 1");
  server.answer("0 1", used, username, CLIENT);
  const [word, , , , told] = await server.word("0 1");
  assert.equal(word, "client-deny");
  assert.match(told!, /already used/);
  await both.ask("1 1");
  server.answer("1 1", code(1), username, CLIENT);
  assert.equal((await server.word("1 1"))[0], "client-auth-nt");
});

testWith(REQUIRED, "a code that the service took is refused by root's hook", async () => {
  await using both = await makeBoth();
  const { rig, code, username } = both;
  const used = code();
  await both.ask("0 1");
  rig.server.answer("0 1", used, username, CLIENT);
  assert.equal((await rig.server.word("0 1"))[0], "client-auth-nt");
  const { attempt, status } = await both.answerHook(used);
  assert.equal(status, 1);
  assert.equal(await attempt.control(), "0");
  assert.match(await attempt.reason(), /already used/);
  assert.equal((await both.answerHook(code(1))).status, 0);
  const owners = await mustRun("find", [rig.directory, "-path", `${rig.db}*`, "-printf", "%U "]);
  assert.deepEqual(new Set(owners.trim().split(" ")), new Set([`${rig.as!.uid}`]));
});

testWith(
  REQUIRED,
  "wrong codes count towards one lock, whether a hook or the service saw them",
  async () => {
    await using both = await makeBoth({ totpMaxFailures: "2", totpFreePasswords: "100" });
    const { rig: { server, db }, code, username } = both;
    const [first, second] = wrongCodesOf("A".repeat(32), 2);
    assert.equal((await both.answerHook(first!)).status, 1);
    await both.ask("0 1");
    server.answer("0 1", second!, username, CLIENT);
    assert.equal((await server.word("0 1"))[0], "client-deny");

    assert.equal(await both.refusedByHook(), "codes_locked");
    assert.equal(await both.refusedByService("1 1"), "client-deny");
    const unlocked = await admin(db, ["unlock", username]);
    assert.equal(unlocked.status, 0, unlocked.stderr);
    assert.equal((await both.answerHook(code())).status, 0);
    const { stdout } = await admin(db, ["log", "--json"]);
    const reasons = (JSON.parse(stdout) as { reason: string | null }[]).map(({ reason }) => reason);
    assert.deepEqual(reasons.slice(0, 4), [null, "wrong_code", null, "codes_locked"], stdout);
  },
);

testWith(REQUIRED, "hooks and the service wait for each other's transactions", async () => {
  await using both = await makeBoth({ totpFreePasswords: "100" });
  const { rig: { server }, username } = both;
  const [wrong] = wrongCodesOf("A".repeat(32), 1);
  const keys = Array.from({ length: 8 }, (_, i) => `${i} 1`);
  const asked = keys.map((key) => both.ask(key));
  const answered = keys.slice(0, 4).map(() => both.answerHook(wrong!));
  await Promise.all(asked);
  for (const { status, stderr } of await Promise.all(answered)) {
    assert.equal(status, 1);
    assert.match(stderr, /reason=(wrong_code|codes_locked)/);
  }
  server.answer("0 1", wrong!, username, CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-deny");
  assert.deepEqual(server.mistakes, []);
});

testWith(
  REQUIRED,
  "root's service refuses another user's database, and says what to do",
  async () => {
    await using both = await makeBoth();
    const { rig, username } = both;
    await rig.kill();
    const { uid } = rig.as!;
    rig.as = null;
    await rig.begin();
    const said = new RegExp(
      `belongs to uid ${uid}, but the service runs as root: run it as that user \\(User= in its unit`,
    );
    await rig.log.waitFor(said);
    rig.server.logIn("5 1", username, "any", CLIENT);
    assert.deepEqual(await rig.server.word("5 1"), ["client-deny", "5", "1", "refused"]);
  },
);
