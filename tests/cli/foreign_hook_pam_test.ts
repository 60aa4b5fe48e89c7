import assert from "node:assert/strict";
import { type ForeignHook, makeForeignHook, ROOT_AND_ACCOUNT } from "../lab/foreign_hook.ts";
import { changed } from "../lab/foreign_traps.ts";
import { compileModule, makePamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { base64, codeOf } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

/** What a module finds of the process that it runs in; on a line of the file that it is given. */
const REPORT = `
#include <dirent.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/syscall.h>
/* Copies the lines about ids of each thread's status. */
static void copy_ids(const char *thread, FILE *out) {
  char path[300], line[300];
  snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
  FILE *status = fopen(path, "r");
  if (status == NULL) return;
  while (fgets(line, sizeof line, status))
    if (!strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4) || !strncmp(line, "Groups:", 7)
        || !strncmp(line, "CapEff:", 7)) fputs(line, out);
  fclose(status);
}
static void report(const char *path) {
  FILE *out = fopen(path, "a");
  if (out == NULL) abort();
  struct dirent *entry;
  DIR *threads = opendir("/proc/self/task");
  while ((entry = readdir(threads)) != NULL)
    if (entry->d_name[0] != '.') copy_ids(entry->d_name, out);
  closedir(threads);
  struct rlimit core;
  getrlimit(RLIMIT_CORE, &core);
  fprintf(out, "dumpable %d core %lu\\n", prctl(PR_GET_DUMPABLE), (unsigned long) core.rlim_max);
  fclose(out);
}
`;

const authModule = (body: string) =>
  `${REPORT}
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  ${body}
}`;

/** Runs a test with a module in front of PAM's rules, which gets a path in a directory of root's. */
async function withModule(
  source: string,
  test: (hook: ForeignHook, service: string, path: string) => Promise<void>,
  type: "auth" | "account" = "auth",
): Promise<void> {
  await using hook = await makeForeignHook();
  const { uid, rootOnly } = hook.place;
  const module = await compileModule(rootOnly, source);
  const path = `${rootOnly}/report`;
  await using service = await makePamService([
    `${type} required ${module} ${path} ${uid}`,
    ...PLAIN_RULES,
  ]);
  await test(hook, service.name, path);
}

/** The ids of root's process in a test, as the kernel shows them. */
function rootsIds(): string[] {
  const status = Deno.readTextFileSync("/proc/self/status");
  return status.split("\n").filter((line) => /^(Uid|Gid|Groups|CapEff):/.test(line));
}

for (
  const [type, source] of [
    ["auth", authModule("report(argv[0]); return PAM_SUCCESS;")],
    [
      "account",
      `${REPORT}
      int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
        report(argv[0]); return PAM_SUCCESS;
      }`,
    ],
  ] as const
) {
  testWith(
    [...ROOT_AND_ACCOUNT, "gcc"],
    `on another user's database, PAM (${type}) runs as root in all threads, and no core dump is left`,
    () =>
      withModule(source, async (hook, service, path) => {
        const attempt = await hook.attempt({ totpPamService: service });
        const { status, stderr } = await attempt.password(hook.username, hook.password);
        assert.equal(status, 2, stderr);
        assert.equal((await attempt.answer(base64(codeOf(hook.secret)))).status, 0);
        const lines = Deno.readTextFileSync(path).trim().split("\n");
        const expected = rootsIds();
        assert(lines.length > expected.length + 1, "there are several threads");
        for (const line of lines.slice(0, -1)) assert(expected.includes(line), line);
        assert.equal(lines.at(-1), "dumpable 0 core 0");
        await hook.place.requireOwned();
      }, type),
  );
}

testWith(
  [...ROOT_AND_ACCOUNT, "gcc"],
  "a PAM module that leaves the process another user changes nothing of whose rights follow",
  () =>
    withModule(
      authModule("setegid(1); seteuid(1); return PAM_SUCCESS;"),
      async (hook, service) => {
        const { place, username, password, secret } = hook;
        const log = `${place.rootOnly}/hook.log`;
        const attempt = await hook.attempt({ totpPamService: service, totpLog: log });
        const { status, stderr } = await attempt.password(username, password);
        assert.equal(status, 2, stderr);
        assert.match(await attempt.pending(), /CR_TEXT/);
        assert.equal(Deno.statSync(log).uid, 0);
        assert.equal((await attempt.answer(base64(codeOf(secret)))).status, 0);
        await place.requireOwned();
      },
    ),
);

/**
 * A module that takes a user's rights for files, as those do that read in users' directories, and
 * tells when they change, though it never gives them back.
 */
const SLOW = authModule(`
  report(argv[0]);
  syscall(SYS_setfsuid, atoi(argv[1]));
  for (;;) {
    if (syscall(SYS_setfsuid, -1) == atoi(argv[1])) continue;
    syscall(SYS_setfsuid, 0);
    FILE *out = fopen(argv[0], "a");
    fputs("changed\\n", out);
    fclose(out);
    return PAM_AUTH_ERR;
  }`);

testWith(
  [...ROOT_AND_ACCOUNT, "gcc"],
  "a PAM module that is left to itself keeps the rights that it took, and the login is refused",
  () =>
    withModule(SLOW, async (hook, service, path) => {
      const { place, username, password, secret } = hook;
      const log = `${place.rootOnly}/hook.log`;
      const attempt = await hook.attempt({
        totpPamService: service,
        totpPamTimeout: "1",
        totpLog: log,
      });
      // To close such a database would remove files beside it.
      await changed("PRAGMA journal_mode = WAL")(place);
      const before = place.rootsFiles();
      const { status, stderr } = await attempt.password(username, password);
      assert.equal(status, 1, stderr);
      assert.equal(stderr, "");
      assert.match(
        Deno.readTextFileSync(log),
        /reason=pam_error .* detail="PAM service \S+: no answer within 1 second: /,
      );
      assert.match(Deno.readTextFileSync(path), /dumpable 0 core 0\n$/);
      for (const kept of before.split("\n")) assert(place.rootsFiles().includes(kept), kept);
      assert(Deno.lstatSync(`${place.db}-wal`).isFile);
      // Nothing was written after that, and the next login goes on as ever.
      const { stdout } = await place.asRoot(["log"]);
      assert.match(stdout, /The audit trail is empty/);
      const next = await hook.attempt();
      assert.equal((await next.password(username, password)).status, 2);
      assert.equal((await next.answer(base64(codeOf(secret)))).status, 0);
      await place.requireOwned();
    }),
);
