import assert from "node:assert/strict";
import type { PamResult } from "../../src/pam/pam_result.ts";
import { PamService } from "../../src/pam/pam_service.ts";
import { Status } from "../../src/pam/status.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { type Account, makeAccount } from "../lab/accounts.ts";
import { compileModule, makePamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

const HUNG_SECONDS = 5;

// Libraries stay open for good, so this is done outside of the tests, which look for leaks.
const together = new PamService("ovtotp-t-together", 60);
const late = new PamService("ovtotp-t-late", HUNG_SECONDS);
const odd = new PamService("ovtotp-t-odd", 60);

const ask = (pam: PamService, username: string, password: string): Promise<PamResult> =>
  pam.authenticate(username, new Redacted(new TextEncoder().encode(password)), null);

/** Runs a test with a service whose only module is this one. */
async function withModule(name: string, source: string, test: () => Promise<void>): Promise<void> {
  await using directory = await makeTestDirectory();
  const module = await compileModule(directory.path, ASKING + source);
  await using _service = await makePamService(
    [`auth required ${module}`, `account required ${module}`],
    name,
  );
  await test();
}

/** Asks for the password; the status, and what came. */
const ASKING = `
static int ask(void *handle, char **answer) {
  const struct pam_conv *conv;
  struct pam_message message = { PAM_PROMPT_ECHO_OFF, "Password:" };
  const struct pam_message *messages = &message;
  struct pam_response *response = NULL;
  pam_get_item(handle, PAM_CONV, (const void **) &conv);
  int status = conv->conv(1, &messages, &response, conv->appdata_ptr);
  *answer = response ? response->resp : "nothing";
  return status;
}`;

/** A module that lets nobody go on before four logins are in it. */
const MEETING = `
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int present;
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  pthread_mutex_lock(&lock);
  present++;
  pthread_cond_broadcast(&changed);
  while (present < 4) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  return PAM_SUCCESS;
}`;

testWith(
  ["root", "useradd", "gcc"],
  "PamService gives each of several logins at once the answer to its own password",
  async () => {
    await using directory = await makeTestDirectory();
    const module = await compileModule(directory.path, MEETING);
    await using _service = await makePamService(
      [`auth required ${module}`, ...PLAIN_RULES],
      "ovtotp-t-together",
    );
    await using alice = await makeAccount();
    await using bob = await makeAccount();
    const logins: [who: Account, password: string][] = [
      [alice, alice.password],
      [bob, alice.password],
      [alice, bob.password],
      [bob, bob.password],
    ];
    const results = await Promise.all(
      logins.map(([{ username }, password]) => ask(together, username, password)),
    );
    const wrong = { outcome: "denied", call: "pam_authenticate", status: Status.AUTH_ERR };
    assert.deepEqual(results, [
      { outcome: "passed", username: alice.username },
      wrong,
      wrong,
      { outcome: "passed", username: bob.username },
    ]);
  },
);

/**
 * Whom it lets in depends on the name:
 * - `hangs` waits until it is released, then asks for the password, and goes on
 * - `quick` asks for the password
 * - `releases` asks for it only after `hangs` was released and has asked
 * - `report` says how often the account of `hangs` was asked about, and its transaction ended
 *
 * Each is known afterwards by what it learnt.
 */
const HANGING = `
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_released, late_status = -1, accounts, ends;
static char *late_answer;

static void count_end(void *handle, void *data, int status) {
  ends++;
}
static int is_called(void *handle, const char *name) {
  const char *user;
  pam_get_item(handle, PAM_USER, (const void **) &user);
  return !strcmp(user, name);
}
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  char *answer, text[99];
  pthread_mutex_lock(&lock);
  if (is_called(handle, "hangs")) {
    pam_set_data(handle, "end", NULL, count_end);
    while (!is_released) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    int status = ask(handle, &answer);
    pthread_mutex_lock(&lock);
    late_status = status;
    late_answer = answer;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return PAM_SUCCESS;
  }
  if (is_called(handle, "report")) {
    snprintf(text, sizeof text, "accounts %d, ends %d", accounts, ends);
    pthread_mutex_unlock(&lock);
    return pam_set_item(handle, PAM_USER, text);
  }
  if (is_called(handle, "releases")) {
    is_released = 1;
    pthread_cond_broadcast(&changed);
    while (late_status == -1) pthread_cond_wait(&changed, &lock);
  }
  pthread_mutex_unlock(&lock);
  int status = ask(handle, &answer);
  snprintf(text, sizeof text, "%d %s, late %d %s",
           status, answer, late_status, late_answer ? late_answer : "nothing");
  return pam_set_item(handle, PAM_USER, text);
}
int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
  if (is_called(handle, "hangs")) accounts++;
  return PAM_SUCCESS;
}`;

testWith(
  ["root", "gcc"],
  "PamService answers after a module hung, which gets no password when it asks at last",
  () =>
    withModule("ovtotp-t-late", HANGING, async () => {
      assert.deepEqual(
        await ask(late, "hangs", "first"),
        { outcome: "no_answer", seconds: HUNG_SECONDS },
      );
      assert.deepEqual(
        await ask(late, "quick", "second"),
        { outcome: "passed", username: "0 second, late -1 nothing" },
      );
      assert.deepEqual(
        await ask(late, "releases", "third"),
        { outcome: "passed", username: `0 third, late ${Status.CONV_ERR} nothing` },
      );
      const report = async () => {
        const result = await ask(late, "report", "");
        return result.outcome === "passed" ? result.username : result.outcome;
      };
      // The module's thread comes back once it may run; nothing else is to happen then.
      const end = Date.now() + 60_000;
      let reported = await report();
      while (reported === "accounts 0, ends 0" && Date.now() < end) reported = await report();
      assert.equal(reported, "accounts 0, ends 1");
    }),
);

/** Calls the conversation in ways that aren't right, then rightly; is known by the statuses. */
const ODD_CALLS = `
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  const struct pam_conv *conv;
  const struct pam_message *many[33], *none = NULL;
  struct pam_message message = { PAM_PROMPT_ECHO_OFF, "Password:" }, binary = { 7, "" };
  const struct pam_message *odd[] = { &message, &binary };
  struct pam_response *response = NULL;
  char *answer, text[99];
  for (int i = 0; i < 33; i++) many[i] = &message;
  pam_get_item(handle, PAM_CONV, (const void **) &conv);
  void *data = conv->appdata_ptr;
  int statuses[] = {
    conv->conv(0, many, &response, data), conv->conv(-1, many, &response, data),
    conv->conv(33, many, &response, data), conv->conv(1, NULL, &response, data),
    conv->conv(1, many, NULL, data), conv->conv(1, &none, &response, data),
    conv->conv(2, odd, &response, data), conv->conv(1, many, &response, NULL),
    conv->conv(1, many, &response, (char *) data + 1),
  };
  int length = 0;
  for (unsigned i = 0; i < sizeof statuses / sizeof *statuses; i++)
    length += snprintf(text + length, sizeof text - length, "%d ", statuses[i]);
  const char *early = response ? "an answer" : "nothing";
  int status = ask(handle, &answer);
  snprintf(text + length, sizeof text - length, "%s, %d %s", early, status, answer);
  return pam_set_item(handle, PAM_USER, text);
}
int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
  char *answer;
  int status = ask(handle, &answer);
  char text[9];
  snprintf(text, sizeof text, "%d", status);
  const char *user;
  pam_get_item(handle, PAM_USER, (const void **) &user);
  return strcmp(user, "account") ? PAM_SUCCESS : pam_set_item(handle, PAM_USER, text);
}`;

testWith(
  ["root", "gcc"],
  "PamService answers nothing to a module that asks in a way that isn't right",
  () =>
    withModule("ovtotp-t-odd", ODD_CALLS, async () => {
      const refusals = `${Status.CONV_ERR} `.repeat(9);
      assert.deepEqual(
        await ask(odd, "alice", "secret"),
        { outcome: "passed", username: `${refusals}nothing, 0 secret` },
      );
      assert.deepEqual(
        await odd.checkAccount("account", null),
        { outcome: "passed", username: String(Status.CONV_ERR) },
      );
    }),
);
