import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun, run } from "../lab/command.ts";
import { startPamHelpers } from "../lab/pam_helpers.ts";
import { base64, codeOf, makeTestDirectory, on, PROGRAM, wrongCodeOf } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { sealedProgram, WITH_SEALED_MEMORY } from "../lab/sealed_memory.ts";
import { CLIENT, ServiceRig } from "../lab/service_rig.ts";
import { LOG_LINE, withUser } from "../lab/user.ts";

testWith(
  ["root", "useradd", "sealed memory"],
  "a login works, and says no more than elsewhere, where no memory may become executable",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const login = await attempt();
      login.wrap = [...WITH_SEALED_MEMORY];
      const first = await login.password(username, password);
      assert.equal(first.status, 2, first.stderr);
      assert.match(first.stderr, LOG_LINE);
      const second = await login.answer(base64(codeOf(secret)));
      assert.equal(second.status, 0, second.stderr);
      assert.match(second.stderr, LOG_LINE);
      assert.equal(await login.control(), "1");
    });
  },
);

testWith(
  ["root", "useradd", "sealed memory", "systemd-socket-activate"],
  "the service and its helpers let a user in where no memory may become executable",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    await using helpers = await startPamHelpers(directory.path, {}, {
      through: WITH_SEALED_MEMORY,
    });
    await using rig = await ServiceRig.start({ pamSocket: helpers.socket });
    await rig.kill();
    rig.as = { uid: 0, gid: 0, program: await sealedProgram(rig.directory) };
    await rig.begin();
    const code = await rig.enrol(account.username);
    rig.server.logIn("0 1", account.username, account.password, CLIENT);
    assert.equal((await rig.server.word("0 1"))[0], "client-pending-auth");
    rig.server.answer("0 1", code(), account.username, CLIENT);
    assert.equal((await rig.server.word("0 1"))[0], "client-auth-nt");
  },
);

/** Memory that becomes executable without being the content of a file. */
const NEW_CODE = /mprotect\(.*PROT_EXEC|mmap\(.*PROT_EXEC.*MAP_ANONYMOUS|PROT_WRITE\|PROT_EXEC/;

/** What wraps a program so that its use of memory is written to a file. */
function tracing(file: string): string[] {
  return ["strace", "-f", "--seccomp-bpf", "-e", "trace=mmap,mprotect,pkey_mprotect", "-o", file];
}

async function newCodeIn(file: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(file)).split("\n");
  assert(lines.some((line) => /mmap\(.*PROT_EXEC/.test(line)), "the trace is of a program");
  return lines.filter((line) => NEW_CODE.test(line));
}

testWith(
  ["root", "useradd", "strace"],
  "neither a login nor a command asks for memory to run new code in",
  async () => {
    await withUser(async ({ username, password, secret, db, directory, ...user }) => {
      const trace = `${directory}/trace`;
      const login = await user.attempt();
      login.wrap = tracing(trace);
      assert.equal((await login.password(username, password)).status, 2);
      assert.deepEqual(await newCodeIn(trace), [], "password");
      assert.equal((await login.answer(base64(wrongCodeOf(secret)))).status, 1);
      assert.deepEqual(await newCodeIn(trace), [], "code");

      const config = `${directory}/server.conf`;
      await Deno.writeTextFile(config, `setenv totpTokenDbPath ${db}\n`);
      const [strace, ...options] = tracing(trace);
      for (const args of [["doctor", "--config", config], [...on(db), "enroll", "daemon"]]) {
        await run(strace!, [...options, PROGRAM, ...args]);
        assert.deepEqual(await newCodeIn(trace), [], args.join(" "));
      }
      assert.match(await mustRun(PROGRAM, [...on(db), "list"]), /daemon/);
    });
  },
);
