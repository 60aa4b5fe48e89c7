import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun, type Output, run } from "../lab/command.ts";
import { playAttempt } from "../lab/hook_call.ts";
import {
  base64,
  codeOf,
  copyProgram,
  enroll,
  makeTestDirectory,
  on,
  PROGRAM,
} from "../lab/program.ts";
import { withUser } from "../lab/user.ts";
import { testWith } from "../lab/requirements.ts";

testWith(
  ["root", "useradd", "strace"],
  "a login makes no more than two threads, no process, no socket to a network, no file in the temp directory",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    const secret = await enroll(directory.db, account.username);
    const files = `${directory.path}/openvpn`;
    const temporary = `${directory.path}/tmp`;
    await Deno.mkdir(files);
    await Deno.mkdir(temporary);

    const trace = `${directory.path}/trace`;
    const attempt = await playAttempt(files, {
      totpTokenDbPath: directory.db,
      TMPDIR: temporary,
    });
    attempt.wrap = [
      "strace",
      ...["-f", "--seccomp-bpf", "-s", "4096", "-e", "trace=process,network,file"],
      ...["-o", trace],
    ];
    const calls = {
      password: () => attempt.password(account.username, account.password),
      code: () => attempt.answer(base64(codeOf(secret))),
    };
    const statuses = [];
    for (const call of Object.values(calls)) {
      statuses.push((await call()).status);
      const lines = (await Deno.readTextFile(trace)).split("\n");
      const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
      // One, and another where a busy machine keeps the first from its rest.
      assert(count(/ clone3?\(.*CLONE_THREAD/) <= 2, "threads");
      assert.equal(count(/ clone3?\((?!.*CLONE_THREAD)| v?fork\(/), 0);
      assert.equal(count(/ execve\(/), 1);
      assert.equal(count(/ socket\(AF_(INET|INET6|PACKET)/), 0);
      assert(count(/ openat\(/) > 10, "the trace is of the program");
      assert.equal(count(new RegExp(`"${temporary}/`)), 0);
      const foreign = lines.flatMap((line) => line.match(/"(\/tmp\/[^"]*)"/)?.[1] ?? [])
        .filter((path) => !isOnTheWay(path, [directory.path, PROGRAM, Deno.cwd()]));
      assert.deepEqual(foreign, []);
    }
    assert.deepEqual(statuses, [2, 0]);
    assert.deepEqual([...Deno.readDirSync(temporary)], []);
  },
);

/** Says whether a path is one of these places, in one, or leads to one. */
function isOnTheWay(path: string, places: readonly string[]): boolean {
  return places.some((place) => `${path}/`.startsWith(place) || place.startsWith(`${path}/`));
}

testWith(
  ["root", "useradd"],
  "a login works under env -i with all standard streams closed",
  async () => {
    await withUser(async ({ username, password, secret, db, ...user }) => {
      const attempt = await user.attempt();
      attempt.wrap = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-'];
      assert.equal((await attempt.password(username, password)).status, 2);
      assert.equal((await attempt.answer(base64(codeOf(secret)))).status, 0);
      assert.equal(await attempt.control(), "1");
      // A log line that found the database in the place of standard error would ruin it.
      const check = await mustRun(PROGRAM, [...on(db), "list"]);
      assert(check.includes(username));
    });
  },
);

/** Makes every program believe that it has 64 processors. */
const MANY_PROCESSORS = `
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <unistd.h>
#include <dlfcn.h>
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) {
  memset(set, 0, size);
  for (int cpu = 0; cpu < 64; cpu++) CPU_SET_S(cpu, size, set);
  return 0;
}
int get_nprocs(void) { return 64; }
int get_nprocs_conf(void) { return 64; }
long sysconf(int name) {
  long (*real)(int) = dlsym(RTLD_NEXT, "sysconf");
  int asks = name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF;
  return asks ? 64 : real(name);
}
`;

testWith(
  ["root", "useradd", "gcc"],
  "many at once start within 20 processes on a machine with many processors",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    await Deno.chmod(directory.path, 0o755);
    const program = await copyProgram(directory.path);
    const library = `${directory.path}/processors.so`;
    await Deno.writeTextFile(`${directory.path}/p.c`, MANY_PROCESSORS);
    await mustRun("gcc", [
      ...["-shared", "-fPIC", "-o", library, `${directory.path}/p.c`, "-ldl"],
    ]);
    const env = { LD_PRELOAD: library };
    assert.equal(
      (await mustRun(Deno.execPath(), [
        "eval",
        "console.log(navigator.hardwareConcurrency)",
      ], { env })).trim(),
      "64",
    );

    const uid = Number(await mustRun("id", ["-u", account.username]));
    // Each is a process and at most one thread more: 9 of them fit into 20 with the waiting shell.
    const outputs: Output[] = await Promise.all(
      Array.from(
        { length: 9 },
        () =>
          run("prlimit", ["--nproc=20", program, "x"], {
            uid,
            clearEnv: true,
            env: { ...env, script_type: "client-crresponse" },
          }),
      ),
    );
    for (const { status, stderr } of outputs) {
      assert.equal(status, 1);
      assert.match(stderr, /program=openvpn-totp step=code outcome=refused/);
    }
  },
);

testWith([], "the program opens libraries by absolute path alone", async () => {
  await using directory = await makeTestDirectory();
  await enroll(directory.db, "root");
  await Deno.writeTextFile(`${directory.path}/libpam.so.0`, "not a library");
  const attempt = await playAttempt(directory.path, {
    totpTokenDbPath: directory.db,
  });
  attempt.wrap = [
    ...["env", "-C", directory.path, `LD_LIBRARY_PATH=${directory.path}`],
  ];
  const { status, stderr } = await attempt.password("root", "wrong");
  assert.equal(status, 1);
  assert.match(stderr, /reason=wrong_password/);
});
