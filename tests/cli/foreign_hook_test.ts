import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import {
  type ForeignHook,
  makeForeignHook,
  ROOT_AND_ACCOUNT,
  savedCopy,
} from "../lab/foreign_hook.ts";
import { canaryOf, setTrap, type Trap, TRAPS } from "../lab/foreign_traps.ts";
import { hotJournal } from "../lab/hot_journal.ts";
import { base64, codeOf, wrongCodeOf } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

const USERS_OWN = "root's hook on another user's database";

testWith(
  ROOT_AND_ACCOUNT,
  `${USERS_OWN} asks PAM, then for the code, and takes each code once`,
  async () => {
    await using hook = await makeForeignHook();
    const { place, username, password, secret } = hook;
    const log = `${place.rootOnly}/hook.log`;
    const refused = await hook.attempt({ totpLog: log });
    assert.equal((await refused.password(username, "wrong")).status, 1);
    const first = await hook.attempt({ totpLog: log });
    assert.equal((await first.password(username, password)).status, 2);
    assert.match(await first.pending(), /\ncrtext\nCR_TEXT:R,E:/);
    assert.equal((await first.answer(base64(wrongCodeOf(secret)))).status, 1);
    assert.equal(await first.control(), "0");

    const code = codeOf(secret);
    const second = await hook.attempt({ totpLog: log });
    assert.equal((await second.password(username, password)).status, 2);
    assert.equal((await second.answer(base64(code))).status, 0);
    assert.equal(await second.control(), "1");
    assert.throws(() => Deno.lstatSync(second.files.response), Deno.errors.NotFound);

    const third = await hook.attempt({ totpLog: log });
    assert.equal((await third.password(username, password)).status, 2);
    assert.equal((await third.answer(base64(code))).status, 1);
    assert.match(await third.reason(), /already used/);

    await place.requireOwned();
    const reasons = Deno.readTextFileSync(log).match(/(?<=reason=)\w+/g);
    assert.deepEqual(reasons, ["wrong_password", "wrong_code", "code_used"]);
    assert.equal(Deno.statSync(log).uid, 0);
    const { stdout } = await place.asRoot(["log", "--json"]);
    const decisions = JSON.parse(stdout) as { outcome: string }[];
    assert.deepEqual(decisions.map(({ outcome }) => outcome).toSorted(), [
      ...["accepted", "challenged", "challenged", "challenged", "refused", "refused", "refused"],
    ]);
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  `${USERS_OWN} asks for the code on another connection`,
  async () => {
    await using hook = await makeForeignHook();
    const { place, username, password, secret } = hook;
    const plain = { IV_SSO: "" };
    const first = await hook.attempt(plain);
    assert.equal((await first.password(username, password)).status, 1);
    const [, state] = (await first.reason()).match(/^CRV1:R,E:([^:]+):/)!;
    const answer = `CRV1::${state}::${codeOf(secret)}`;
    const second = await hook.attempt(plain);
    const { status, stderr } = await second.password(username, answer);
    assert.equal(status, 0, stderr);
    await place.requireOwned();
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  `${USERS_OWN} leaves the password to another factor`,
  async () => {
    await using hook = await makeForeignHook();
    const { place, username, secret } = hook;
    const external = { totpPrimaryAuth: "external" };
    const attempt = await hook.attempt(external);
    assert.equal((await attempt.password(username, "any")).status, 2);
    assert.equal((await attempt.answer(base64(codeOf(secret)))).status, 0);
    const wrong = await hook.attempt(external);
    assert.equal((await wrong.password(username, "any")).status, 2);
    assert.equal((await wrong.answer(base64(wrongCodeOf(secret)))).status, 1);
    await place.requireOwned();
  },
);

/** A login by codes alone; says whether it got in, and what was logged. */
async function logIn(hook: ForeignHook): Promise<{ isIn: boolean; said: string }> {
  const attempt = await hook.attempt({
    totpPrimaryAuth: "external",
    // In one run, many logins from one place fail.
    totpFreePasswords: "100",
  });
  const asked = await attempt.password(hook.username, "any");
  if (asked.status !== 2) {
    assert.equal(asked.status, 1);
    return { isIn: false, said: asked.stderr };
  }
  const { status, stderr } = await attempt.answer(base64(codeOf(hook.secret)));
  assert.equal(await attempt.control(), status === 0 ? "1" : "0");
  return { isIn: status === 0, said: stderr };
}

testWith(
  ROOT_AND_ACCOUNT,
  "whatever a user puts in the place of database and key file, root's hook touches nothing of root's",
  async (t) => {
    await using hook = await makeForeignHook();
    const { place } = hook;
    const { own, rootOnly, config } = place;
    const saved = await savedCopy(place);
    const before = place.rootsFiles();
    const check = async (trap: Trap) => {
      await setTrap(trap, place, saved);
      const { isIn, said } = await logIn(hook);
      assert.equal(isIn, trap.says === undefined, said);
      if (trap.says !== undefined) assert.match(said.replaceAll('\\"', '"'), trap.says);
      assert.equal(place.rootsFiles(), before, said);
      const made = await mustRun("find", [own, "-newer", config, "-user", "root", "-type", "f"]);
      assert.equal(trap.keepsOwner ? "" : made, "", said);
    };
    assert(rootOnly !== own);
    for (const trap of TRAPS) await t.step(trap.name, () => check(trap));
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "what a user swaps while root's hook runs is used without root's rights",
  async () => {
    await using hook = await makeForeignHook();
    const { place } = hook;
    const { own, db, uid, gid } = place;
    const before = place.rootsFiles();
    const journal = hotJournal(await Deno.readFile(db), canaryOf(place));
    await Deno.writeFile(`${own}/trap`, journal, { mode: 0o600 });
    await Deno.copyFile(db, `${own}/copy`);
    await mustRun("chown", ["-R", `${uid}:${gid}`, own]);
    const script = `
      canary=${canaryOf(place)}
      until [ -e stop ]; do
        cp trap db-journal; rm -f db-journal
        ln -s "$canary" link; mv -f link db; cp copy new; mv -f new db
        ln -s "$canary" link; mv -f link db-wal; rm -f db-wal
        mv db.key key; ln -s "$canary" db.key; mv -f key db.key
      done`;
    const ids = ["--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups"];
    const attacker = new Deno.Command("setpriv", {
      args: [...ids, "sh", "-c", script],
      cwd: own,
      stderr: "null",
    }).spawn();
    try {
      for (let i = 0; i < 20; i++) {
        await logIn(hook);
        assert.equal(place.rootsFiles(), before);
      }
    } finally {
      await Deno.writeTextFile(`${own}/stop`, "");
      await attacker.status;
    }
    await Deno.remove(`${own}/stop`);
    await place.requireOwned();
  },
);

testWith(
  [...ROOT_AND_ACCOUNT, "strace"],
  "root's hook opens what is in another user's directory as that user, all else as root, and leaves no core dump",
  async () => {
    await using hook = await makeForeignHook();
    const { place, username, password, secret } = hook;
    const { own, rootOnly, uid } = place;
    const attempt = await hook.attempt({ totpLog: `${rootOnly}/hook.log` });
    const trace = `${rootOnly}/trace`;
    attempt.wrap = [
      ...["strace", "-f", "-A", "-o", trace],
      ...["-e", "trace=%file,setresuid,prctl,clone,clone3,vfork,fork"],
    ];
    assert.equal((await attempt.password(username, password)).status, 2);
    assert.equal((await attempt.answer(base64(codeOf(secret)))).status, 0);
    await using unenrolled = await makeAccount();
    const another = await hook.attempt();
    another.wrap = attempt.wrap;
    assert.equal((await another.password(unenrolled.username, unenrolled.password)).status, 1);
    let mayBeDumped = false;
    const users = new Map<string, number>();
    const opened = { own: 0, accounts: 0, openvpn: 0, log: 0 };
    for (const line of Deno.readTextFileSync(trace).split("\n")) {
      const [thread] = line.split(" ", 1) as [string];
      const [, changed] = line.match(/ setresuid\(\S+ (\d+),.* = 0$/) ?? [];
      if (changed !== undefined) {
        users.set(thread, Number(changed));
        mayBeDumped = true;
      }
      if (line.includes(" prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)")) mayBeDumped = false;
      const [, child] = line.match(/ (?:clone3?|v?fork)\(?.* = (\d+)$/) ?? [];
      if (child !== undefined) users.set(child, users.get(thread) ?? 0);
      const [, path] = line.match(/ (?:open|openat|unlink)\([^"]*"([^"]+)"/) ?? [];
      if (path === undefined) continue;
      const user = users.get(thread) ?? 0;
      const kind = path.startsWith(`${own}/`)
        ? "own"
        : /^\/etc\/(shadow|passwd)$/.test(path)
        ? "accounts"
        : path.includes("/openvpn_")
        ? "openvpn"
        : path.endsWith("/hook.log")
        ? "log"
        : null;
      if (kind === null) continue;
      opened[kind]++;
      assert(!mayBeDumped, line);
      assert.equal(user, kind === "own" ? uid : 0, line);
    }
    assert(Object.values(opened).every((times) => times > 0), JSON.stringify(opened));
  },
);

for (
  const [what, limits, says] of [
    ["may not change its user", ["--bounding-set", "-setuid"], /seteuid failed/],
    ["may not change its groups", ["--bounding-set", "-setgid"], /setgroups failed/],
    ["would keep its capabilities", ["--securebits", "+no_setuid_fixup"], /capabilities are fixed/],
  ] as const
) {
  testWith(
    [...ROOT_AND_ACCOUNT, "setpriv"],
    `root's hook that ${what} refuses, and touches nothing in another user's directory`,
    async () => {
      await using hook = await makeForeignHook();
      const { place, username, password } = hook;
      const before = await mustRun("find", [place.own, "-printf", "%p %i %m %U %s %T@\n"]);
      const attempt = await hook.attempt();
      attempt.wrap = ["setpriv", ...limits];
      const { status, stderr } = await attempt.password(username, password);
      assert.equal(status, 1);
      assert.match(stderr, /reason=failure .*untrusted_path: cannot act as uid \d+/);
      assert.match(stderr, says);
      assert.equal((await attempt.answer("MTIzNDU2")).status, 1);
      assert.equal(await attempt.control(), "0");
      assert.throws(() => Deno.lstatSync(attempt.files.response), Deno.errors.NotFound);
      assert.equal(
        await mustRun("find", [place.own, "-printf", "%p %i %m %U %s %T@\n"]),
        before,
      );
    },
  );
}
