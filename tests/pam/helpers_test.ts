import assert from "node:assert/strict";
import type { PamResult } from "../../src/pam/pam_result.ts";
import { Status } from "../../src/pam/status.ts";
import { HelperPool } from "../../src/serve/helpers/helper_pool.ts";
import type { PamOutcome } from "../../src/serve/helpers/pam_outcome.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { changeAccounts, makeAccount } from "../lab/accounts.ts";
import { kill, type PamHelpers, startPamHelpers } from "../lab/pam_helpers.ts";
import { compileModule, makePamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

const NEEDS = ["root", "useradd", "gcc", "systemd-socket-activate"] as const;

const DENIED: PamResult = {
  outcome: "denied",
  call: "pam_authenticate",
  status: Status.AUTH_ERR,
};

/** A pool, and what PAM was told. */
class Lab {
  readonly pool: HelperPool;
  readonly outcomes: PamOutcome[] = [];

  constructor(socket: string, limit = 2, timeoutSeconds = 60) {
    const observe = (seconds: number, outcome: PamOutcome) => {
      assert(seconds > 0);
      this.outcomes.push(outcome);
    };
    this.pool = new HelperPool({ socket, limit, timeoutSeconds, maxWaiting: 10, observe });
  }

  async ask(username: string, password: string): Promise<PamResult> {
    const bytes = new Redacted(new TextEncoder().encode(password));
    const request = {
      kind: "authenticate",
      username,
      rhost: "192.0.2.1",
      password: bytes,
    } as const;
    const { result, uid } = await this.pool.askPam(request);
    assert.equal(uid, null);
    return result;
  }

  async check(username: string): Promise<PamResult> {
    return (await this.pool.askPam({ kind: "check_account", username, rhost: null })).result;
  }

  [Symbol.dispose]() {
    this.pool.close();
  }
}

testWith(
  NEEDS,
  "pam-helper answers as PAM does: right, wrong, locked, expired and unknown",
  async () => {
    await using directory = await makeTestDirectory();
    await using service = await makePamService(PLAIN_RULES);
    await using alice = await makeAccount();
    await using locked = await makeAccount();
    await changeAccounts("usermod", ["--lock", locked.username]);
    await using expired = await makeAccount();
    await changeAccounts("usermod", ["--expiredate", "1", expired.username]);
    await using helpers = await startPamHelpers(directory.path, { totpPamService: service.name });
    using lab = new Lab(helpers.socket);
    const { username, password } = alice;
    assert.deepEqual(await lab.ask(username, password), { outcome: "passed", username });
    assert.deepEqual(await lab.ask(username, `${password} `), DENIED);
    assert.deepEqual(await lab.ask(locked.username, locked.password), DENIED);
    const gone = await lab.ask(expired.username, expired.password);
    assert.deepEqual(gone, {
      outcome: "denied",
      call: "pam_acct_mgmt",
      status: Status.ACCT_EXPIRED,
      ...("said" in gone ? { said: gone.said } : {}),
    });
    const unknown = await lab.ask("ovtotp-t-nobody", "x");
    assert(unknown.outcome === "denied" && unknown.status === Status.USER_UNKNOWN);
    assert.deepEqual(await lab.check(username), { outcome: "passed", username });
    assert.equal((await lab.check(expired.username)).outcome, "denied");
    assert.equal(await lab.pool.accountName(username), username);
    assert.equal(await lab.pool.accountName("ovtotp-t-nobody"), null);
    assert.equal(helpers.pids().length, 1, "one helper did it all");
    assert.deepEqual(lab.outcomes, [
      ...["passed", "denied", "denied", "denied", "denied", "passed", "denied"],
    ]);
  },
);

/** Which of these a module does depends on the name; whatever else it is called, it lets in. */
const ODD = `
static int is(void *handle, const char *name) {
  const char *user;
  pam_get_item(handle, PAM_USER, (const void **) &user);
  return !strcmp(user, name);
}
static void at_end(void) { _exit(0); }
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  const char *forged = "{\\"result\\":{\\"outcome\\":\\"passed\\",\\"username\\":\\"alice\\"}}";
  char length[4] = { 0, 0, 0, strlen(forged) };
  if (is(handle, "hangs")) {
    fprintf(stderr, "%d hangs\\n", getpid());
    for (;;) pause();
  }
  if (is(handle, "crashes")) *(volatile int *) 8 = 1;
  if (is(handle, "exits")) exit(0);
  if (is(handle, "leaves")) _exit(0);
  if (is(handle, "quick")) quick_exit(0);
  if (is(handle, "sneaks")) { atexit(at_end); exit(0); }
  if (is(handle, "forges")) {
    fwrite(length, 1, 4, stdout);
    fputs(forged, stdout);
    fputs("\\n", stdout);
    fflush(stdout);
    for (int fd = 0; fd < 3; fd++) if (write(fd, length, 4) == 4) write(fd, forged, strlen(forged));
    return PAM_AUTH_ERR;
  }
  if (is(handle, "reads")) {
    char byte;
    return read(0, &byte, 1) == 0 ? PAM_AUTH_ERR : PAM_SUCCESS;
  }
  return is(handle, "denied") ? PAM_AUTH_ERR : PAM_SUCCESS;
}
int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
  return PAM_SUCCESS;
}`;

/** Runs a test with helpers whose only module is {@link ODD}. */
async function withOddModule(
  settings: Record<string, string>,
  test: (helpers: PamHelpers) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory();
  const module = await compileModule(directory.path, ODD);
  await using service = await makePamService([
    `auth required ${module}`,
    `account required ${module}`,
  ]);
  await using helpers = await startPamHelpers(directory.path, {
    totpPamService: service.name,
    ...settings,
  });
  await test(helpers);
}

testWith(
  NEEDS,
  "pam-helper, ended by a module, lets nobody in, and touches one login only",
  () =>
    withOddModule({}, async (helpers) => {
      using lab = new Lab(helpers.socket);
      for (const name of ["crashes", "exits", "leaves", "quick", "sneaks"]) {
        const [lost, beside] = await Promise.allSettled([lab.ask(name, "x"), lab.ask("bob", "x")]);
        assert(lost.status === "rejected", name);
        assert.match(lost.reason.message, /^the PAM helper ended before it answered: see/);
        assert(beside.status === "fulfilled");
        assert.deepEqual(beside.value, { outcome: "passed", username: "bob" });
      }
      assert.equal(lab.outcomes.filter((outcome) => outcome === "lost").length, 5);
      await helpers.until((pids) => pids.length <= 2);
    }),
);

testWith(
  NEEDS,
  "pam-helper takes nothing for its own that a module writes, and gives it nothing",
  () =>
    withOddModule({}, async (helpers) => {
      using lab = new Lab(helpers.socket, 1);
      assert.deepEqual(await lab.ask("forges", "x"), DENIED);
      assert.deepEqual(await lab.ask("reads", "x"), DENIED);
      assert.deepEqual(await lab.ask("denied", "x"), DENIED);
      assert.deepEqual(await lab.ask("bob", "x"), { outcome: "passed", username: "bob" });
      assert.equal(helpers.pids().length, 1);
      // Its output is the administrator's to see.
      await helpers.errors.waitFor(/"outcome":"passed","username":"alice"/);
    }),
);

testWith(
  NEEDS,
  "pam-helper ends after a module that hangs, which holds up nobody else",
  () =>
    withOddModule({ totpPamTimeout: "1" }, async (helpers) => {
      using lab = new Lab(helpers.socket);
      const hanging = lab.ask("hangs", "x");
      await helpers.until((pids) => pids.length === 1);
      const [first] = helpers.pids();
      assert.deepEqual(await lab.ask("bob", "x"), { outcome: "passed", username: "bob" });
      assert.deepEqual(await hanging, { outcome: "no_answer", seconds: 1 });
      await helpers.until((pids) => !pids.includes(first!));
      assert.deepEqual(await lab.ask("bob", "x"), { outcome: "passed", username: "bob" });
      assert.equal(lab.pool.state().open, 1);
    }),
);

testWith(NEEDS, "HelperPool drops a helper over its time, and refuses that login alone", () =>
  // The helper would wait for longer, as its own setting says.
  withOddModule({ totpPamTimeout: "300" }, async (helpers) => {
    using lab = new Lab(helpers.socket, 1, 1);
    const [hanging, next] = await Promise.allSettled([lab.ask("hangs", "x"), lab.ask("bob", "x")]);
    assert(hanging.status === "rejected");
    assert.match(hanging.reason.message, /^the PAM helper gave no answer within 3 seconds: see/);
    assert(next.status === "fulfilled");
    assert.deepEqual(next.value, { outcome: "passed", username: "bob" });
    assert.deepEqual(lab.outcomes, ["lost", "passed"]);
  }));

testWith(
  NEEDS,
  "a helper that is killed while it works is a refusal, and the next login has another",
  () =>
    withOddModule({}, async (helpers) => {
      using lab = new Lab(helpers.socket, 1);
      for (let i = 0; i < 20; i++) {
        const from = helpers.errors.seen.length;
        const hanging = lab.ask("hangs", "x");
        const [, pid] = await helpers.errors.waitFor(/^(\d+) hangs$/, from);
        kill(Number(pid));
        await assert.rejects(hanging, /^Failure: the PAM helper ended before it answered/);
      }
      const asked = helpers.errors.seen.filter((line) => line.endsWith(" hangs"));
      assert.equal(asked.length, 20, "no module was asked twice");
      assert.deepEqual(await lab.ask("bob", "x"), { outcome: "passed", username: "bob" });
      // One that waits for work costs nobody a login.
      await helpers.until((pids) => pids.length === 1);
      const [idle] = helpers.pids();
      kill(idle!);
      await helpers.until((pids) => !pids.includes(idle!));
      assert.deepEqual(await lab.ask("bob", "x"), { outcome: "passed", username: "bob" });
      assert.notDeepEqual(helpers.pids(), [idle]);
    }),
);

testWith(NEEDS, "pam-helper keeps PAM's modules loaded between two logins", async () => {
  await using directory = await makeTestDirectory();
  await using service = await makePamService(PLAIN_RULES);
  await using helpers = await startPamHelpers(directory.path, { totpPamService: service.name });
  using lab = new Lab(helpers.socket);
  assert.deepEqual(await lab.ask("nobody-at-all", "x"), {
    ...DENIED,
    status: Status.USER_UNKNOWN,
  });
  const [pid] = helpers.pids();
  assert.match(await Deno.readTextFile(`/proc/${pid}/maps`), /\/pam_unix\.so/);
});
