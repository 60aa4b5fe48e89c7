import assert from "node:assert/strict";
import { mustRun, type Output } from "../lab/command.ts";
import type { PlayedAttempt } from "../lab/hook_call.ts";
import { compileModule, makePamService, type PamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { base64, codeOf, wrongCodeOf } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { type EnrolledUser, LOG_LINE, withUser } from "../lab/user.ts";

const ACCOUNT_AND_COMPILER = ["root", "useradd", "gcc"] as const;

/** Runs a test with an enrolled account and a PAM service that has this module in front. */
function withModule(
  source: string,
  type: "auth" | "account",
  test: (user: EnrolledUser, service: PamService) => Promise<void>,
): Promise<void> {
  return withUser(async (user) => {
    const module = await compileModule(user.directory, source);
    await using service = await makePamService([
      `${type} required ${module} ${user.directory}/pipe`,
      ...PLAIN_RULES,
    ]);
    await test(user, service);
  });
}

/** A module that does this in the thread that asks for it. */
const authModule = (body: string) => `
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  ${body}
}`;

async function assertNothingWritten(attempt: PlayedAttempt): Promise<void> {
  assert.equal(await attempt.pending(), "");
  assert.equal(await attempt.control(), "");
  assert.equal(await attempt.reason(), "");
}

/** Once the modules are the usual ones, the same user and password are right. */
async function assertRightAgain(
  { username, password, attempt }: EnrolledUser,
  service: PamService,
): Promise<void> {
  await service.use(PLAIN_RULES);
  const login = await attempt({ totpPamService: service.name });
  const { status, stderr } = await login.password(username, password);
  assert.equal(status, 2, stderr);
}

const FOR_EVER = "for (;;) pause();";
const HANGING_MODULES = {
  "waits for ever": ["auth", authModule(FOR_EVER)],
  "waits for ever with all signals blocked": [
    "auth",
    authModule(`
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, NULL);
      ${FOR_EVER}`),
  ],
  "waits for ever and ignores SIGALRM": [
    "auth",
    authModule(`signal(SIGALRM, SIG_IGN); ${FOR_EVER}`),
  ],
  "waits for ever about the account": [
    "account",
    `int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
      ${FOR_EVER}
    }`,
  ],
} as const;

for (const [what, [type, source]] of Object.entries(HANGING_MODULES)) {
  testWith(
    ACCOUNT_AND_COMPILER,
    `a PAM module that ${what}: refused within the time limit, with a line`,
    () =>
      withModule(source, type, async (user, service) => {
        const { username, password } = user;
        const attempt = await user.attempt({
          totpPamService: service.name,
          totpPamTimeout: "1",
        });
        const { status, stdout, stderr } = await attempt.password(
          username,
          password,
        );
        assert.equal(status, 1, stderr);
        assert.equal(stdout, "");
        assert.match(stderr, LOG_LINE);
        assert(
          stderr.includes(
            ` reason=pam_error user=${username} `,
          ) && stderr.includes(
            ` detail="PAM service ${service.name}: no answer within 1 second: `,
          ),
          stderr,
        );
        await assertNothingWritten(attempt);
        await assertRightAgain(user, service);
      }),
  );
}

const CRASHING_MODULES = {
  "reads what isn't there": authModule("return *(volatile int *) 8;"),
  "aborts": authModule("abort();"),
};

for (const [what, source] of Object.entries(CRASHING_MODULES)) {
  testWith(
    ACCOUNT_AND_COMPILER,
    `a PAM module that ${what}: a refusal, and nothing written`,
    () =>
      withModule(source, "auth", async (user, service) => {
        const attempt = await user.attempt({ totpPamService: service.name });
        const { status } = await attempt.password(user.username, user.password);
        assert(status > 128, `ended by a signal, not by ${status}`);
        await assertNothingWritten(attempt);
        await assertRightAgain(user, service);
      }),
  );
}

for (const exit of ["exit", "quick_exit"]) {
  testWith(
    ACCOUNT_AND_COMPILER,
    `a PAM module that ends the process by ${exit}(0) lets nobody in`,
    () =>
      withModule(authModule(`${exit}(0);`), "auth", async (user, service) => {
        const attempt = await user.attempt({ totpPamService: service.name });
        const { status } = await attempt.password(user.username, user.password);
        assert.notEqual(status, 0);
        await assertNothingWritten(attempt);
        await assertRightAgain(user, service);
      }),
  );
}

/** Asks for the password in a thread of its own, and leaves it to the next module. */
const ASKING_FROM_A_THREAD = `
static void *ask(void *handle) {
  const struct pam_conv *conv;
  struct pam_message message = { PAM_PROMPT_ECHO_OFF, "Password:" };
  const struct pam_message *messages = &message;
  struct pam_response *response;
  if (pam_get_item(handle, PAM_CONV, (const void **) &conv)) return "no item";
  if (conv->conv(1, &messages, &response, conv->appdata_ptr)) return "refused";
  return pam_set_item(handle, PAM_AUTHTOK, response->resp) ? "no item" : NULL;
}
${
  authModule(`
  pthread_t thread;
  void *error = "no thread";
  if (!pthread_create(&thread, NULL, ask, handle)) pthread_join(thread, &error);
  return error ? PAM_AUTH_ERR : PAM_SUCCESS;`)
}`;

testWith(
  ACCOUNT_AND_COMPILER,
  "a PAM module that asks for the password in a thread of its own gets it",
  () =>
    withModule(ASKING_FROM_A_THREAD, "auth", async (user, service) => {
      const [first] = (await Deno.readTextFile(`/etc/pam.d/${service.name}`))
        .split("\n");
      await service.use([
        first!,
        "auth required pam_unix.so use_first_pass",
        "account required pam_unix.so",
      ]);
      const play = async (password: string): Promise<Output> => {
        const attempt = await user.attempt({
          totpPamService: service.name,
          totpPamTimeout: "60",
        });
        return await attempt.password(user.username, password);
      };
      const right = await play(user.password);
      assert.equal(right.status, 2, right.stderr);
      const wrong = await play("wrong");
      assert.equal(wrong.status, 1);
      assert.match(wrong.stderr, / reason=wrong_password /);
    }),
);

/** Puts an empty file in the place of libpam, for the command in its arguments alone. */
const WITHOUT_LIBPAM = `
  for library in /lib/*/libpam.so.0 /lib64/libpam.so.0 /usr/lib/libpam.so.0; do
    if [ -e "$library" ]; then mount --bind /dev/null "$library"; fi
  done
  exec "$0" "$@"`;

testWith(
  ["root", "useradd"],
  "libpam is missing: refused, with a line",
  () =>
    withUser(async (user) => {
      const attempt = await user.attempt();
      attempt.wrap = ["unshare", "--mount", "sh", "-c", WITHOUT_LIBPAM];
      const { status, stdout, stderr } = await attempt.password(
        user.username,
        user.password,
      );
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.match(stderr, LOG_LINE);
      assert.match(
        stderr,
        / reason=failure .* detail="library_missing: cannot load \S+libpam/,
      );
      await assertNothingWritten(attempt);
      attempt.wrap = [];
      const again = await attempt.password(user.username, user.password);
      assert.equal(again.status, 2, again.stderr);
    }),
);

/** Says in which process it is and whether that can be dumped, and waits for leave to go on. */
const HOLDING_MODULE = authModule(`
  FILE *pipe = fopen(argv[0], "w");
  if (!pipe) return PAM_AUTH_ERR;
  fprintf(pipe, "%d %d", getpid(), prctl(PR_GET_DUMPABLE));
  fclose(pipe);
  pipe = fopen(argv[0], "r");
  if (!pipe) return PAM_AUTH_ERR;
  fgetc(pipe);
  return PAM_SUCCESS;`);

testWith(
  ACCOUNT_AND_COMPILER,
  "a call that crashes would leave no core dump",
  () =>
    withModule(HOLDING_MODULE, "auth", async (user, service) => {
      const pipe = `${user.directory}/pipe`;
      await mustRun("mkfifo", [pipe]);
      const attempt = await user.attempt({
        totpPamService: service.name,
        totpPamTimeout: "120",
      });
      attempt.wrap = ["prlimit", "--core=unlimited"];
      const call = attempt.password(user.username, user.password);
      // Not in this process: a pipe that no module opens would hold one of its threads for good.
      const [pid, isDumpable] = (await mustRun("timeout", ["100", "cat", pipe]))
        .split(" ");
      const limits = await Deno.readTextFile(`/proc/${pid}/limits`);
      assert.match(limits, /^Max core file size +0 +0 /m);
      assert.equal(isDumpable, "0");
      await mustRun("timeout", ["100", "sh", "-c", `echo >"$0"`, pipe]);
      const { status, stderr } = await call;
      assert.equal(status, 2, stderr);
    }),
);

testWith(
  ["root", "useradd", "strace"],
  "both calls set themselves an end, and leave no core dump",
  () =>
    withUser(async ({ username, password, secret, directory, ...user }) => {
      const attempt = await user.attempt({ totpPamTimeout: "7" });
      const trace = `${directory}/trace`;
      attempt.wrap = [
        ...["strace", "--seccomp-bpf", "-f", "-o", trace],
        ...["-e", "trace=?alarm,setitimer,prlimit64,prctl"],
      ];
      const calls = [
        { seconds: 17, call: () => attempt.password(username, password) },
        { seconds: 10, call: () => attempt.answer(base64(codeOf(secret))) },
      ];
      for (const { seconds, call } of calls) {
        const { status, stderr } = await call();
        assert.notEqual(status, 1, stderr);
        const lines = await Deno.readTextFile(trace);
        const end = `alarm\\(${seconds}\\)|ITIMER_REAL.*tv_sec=${seconds},`;
        assert.match(lines, new RegExp(end));
        assert.match(lines, /RLIMIT_CORE, \{rlim_cur=0, rlim_max=0\}/);
        assert.match(lines, /PR_SET_DUMPABLE, SUID_DUMP_DISABLE/);
      }
    }),
);

/** Gives the command in its arguments a pipe as standard error that is full and that nobody reads. */
const WITH_FULL_STDERR = `
  exec 3<>"$0"
  dd if=/dev/zero of=/proc/self/fd/3 bs=4096 oflag=nonblock 2>/dev/null
  exec "$@" 2>&3`;

testWith(
  ["root", "useradd"],
  "a log that nobody reads: the call is ended, which is a refusal",
  () =>
    withUser(async ({ username, password, secret, directory, ...user }) => {
      const pipe = `${directory}/pipe`;
      await mustRun("mkfifo", [pipe]);
      const wrap = ["sh", "-c", WITH_FULL_STDERR, pipe];
      const first = await user.attempt({ totpPamTimeout: "1" });
      const second = await user.attempt();
      await second.password(username, password);
      first.wrap = second.wrap = wrap;
      const outputs = await Promise.all([
        first.password(username, "wrong"),
        second.answer(base64(wrongCodeOf(secret))),
      ]);
      const SIGALRM = 14;
      for (const { status } of outputs) assert.equal(status, 128 + SIGALRM);
      await assertNothingWritten(first);
      assert.equal(await second.control(), "0");
    }),
);
