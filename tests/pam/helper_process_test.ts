import assert from "node:assert/strict";
import { encodeRequest, type HelperRequest, LENGTH_BYTES } from "../../src/pam/helper/protocol.ts";
import { type HelperReply, ReplyReader } from "../../src/pam/helper/reply.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { makeAccount } from "../lab/accounts.ts";
import { startPamHelpers } from "../lab/pam_helpers.ts";
import { compileModule, makePamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

const NOBODY = 65534;

/** What a helper did that was given this on standard input, a pipe. */
async function runHelper(
  stdin: Uint8Array,
  env: Record<string, string> = {},
  through: readonly string[] = [],
): Promise<{ status: number; stderr: string; replies: HelperReply[] }> {
  const [command, ...args] = [...through, PROGRAM, "pam-helper"];
  const child = new Deno.Command(command!, {
    args,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(stdin).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await written;
  return { status: code, stderr: new TextDecoder().decode(stderr), replies: repliesIn(stdout) };
}

function repliesIn(bytes: Uint8Array<ArrayBuffer>): HelperReply[] {
  const replies: HelperReply[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
    replies.push(new ReplyReader().push(bytes.subarray(at, end))!);
    at = end;
  }
  return replies;
}

function frames(...requests: HelperRequest[]): Uint8Array {
  return new Uint8Array(requests.flatMap((request) => [...encodeRequest(request)]));
}

function authenticate(username: string, text: string): HelperRequest {
  const password = new Redacted(new TextEncoder().encode(text));
  return { kind: "authenticate", username, rhost: null, password };
}

const ROOT_NAME: HelperRequest = { kind: "account_name", username: "root" };

Deno.test("pam-helper answers on a pipe, and ends with its input", async () => {
  const { status, stderr, replies } = await runHelper(frames(ROOT_NAME, ROOT_NAME));
  assert.equal(stderr, "");
  assert.deepEqual(replies.map((reply) => "accountName" in reply && reply.accountName), [
    "root",
    "root",
  ]);
  assert.equal(status, 0);
  assert.deepEqual(await runHelper(new Uint8Array()), { status: 0, stderr: "", replies: [] });
});

Deno.test("pam-helper ends after a thousand requests, and says so in the last reply", async () => {
  const { status, replies } = await runHelper(frames(...Array(1100).fill(ROOT_NAME)));
  assert.equal(status, 0);
  assert.equal(replies.length, 1000);
  assert.equal(replies.findIndex(({ isLast }) => isLast), 999);
});

Deno.test("pam-helper ends with status 1 at what is no request", async () => {
  const CASES: [bytes: number[], why: string][] = [
    [[0, 0, 0, 1, 9], "a request is not understood"],
    [[0xff, 0xff, 0xff, 0xff], "a request has 4294967295 bytes, expected 1 to 65536"],
    [[0, 0, 0, 9, 1], "standard input ended within a request"],
  ];
  for (const [bytes, why] of CASES) {
    const { status, stderr, replies } = await runHelper(
      new Uint8Array([...frames(ROOT_NAME), ...bytes]),
    );
    assert.equal(stderr, `openvpn-totp: pam-helper: ${why}\n`);
    assert.equal(replies.length, 1);
    assert.equal(status, 1);
  }
});

Deno.test("pam-helper does not begin with settings that it cannot use", async () => {
  const CASES: [env: Record<string, string>, line: RegExp][] = [
    [{ totpPamTimeout: "x" }, /^openvpn-totp: totpPamTimeout is "x", expected a whole number.*\n$/],
    [{ totpPamService: "ovtotp-t-none" }, /^openvpn-totp: the PAM service "ovtotp-t-none".*\n$/],
    [
      { totpPrimaryAuth: "external" },
      /^openvpn-totp: totpPrimaryAuth is external, so PAM is not asked.*\n$/,
    ],
  ];
  for (const [env, line] of CASES) {
    const { status, stderr, replies } = await runHelper(frames(ROOT_NAME), env);
    assert.match(stderr, line);
    assert.deepEqual(replies, []);
    assert.equal(status, 1);
  }
});

testWith(
  ["root", "useradd"],
  "pam-helper as another user says so, and lets nobody in whom it cannot check",
  async () => {
    await using service = await makePamService(PLAIN_RULES);
    await using alice = await makeAccount();
    const env = { totpPamService: service.name };
    const request = frames(authenticate(alice.username, alice.password));
    const asNobody = await runHelper(request, env, [
      ...["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
    ]);
    assert.equal(asNobody.status, 0);
    const [reply] = asNobody.replies;
    assert(reply && "result" in reply, JSON.stringify(asNobody));
    assert.notEqual(reply.result.outcome, "passed");
    assert.equal(reply.uid, NOBODY);
    const asRoot = await runHelper(request, env);
    assert.deepEqual(asRoot.replies, [
      { result: { outcome: "passed", username: alice.username }, isLast: false, uid: null },
    ]);
  },
);

testWith(
  ["root", "useradd"],
  "pam-helper works within the limits that a unit may set",
  async () => {
    await using service = await makePamService(PLAIN_RULES);
    await using alice = await makeAccount();
    const request = frames(authenticate(alice.username, alice.password));
    const limits = ["--nofile=128:128", "--nproc=10:10", "--core=0:0", "--fsize=0:0"];
    const { status, replies } = await runHelper(
      request,
      { totpPamService: service.name },
      ["prlimit", ...limits],
    );
    assert.equal(status, 0);
    assert(replies[0] && "result" in replies[0] && replies[0].result.outcome === "passed");
  },
);

/** A module that says what it finds, and then takes its time. */
const SLOW = `
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  fprintf(stderr, "asked, dumpable %d\\n", prctl(PR_GET_DUMPABLE));
  sleep(1);
  fprintf(stderr, "done\\n");
  return PAM_SUCCESS;
}
int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
  return PAM_SUCCESS;
}`;

testWith(
  ["root", "gcc", "systemd-socket-activate"],
  "pam-helper, left alone in the middle of a request, lets PAM finish, and ends",
  async () => {
    await using directory = await makeTestDirectory();
    const module = await compileModule(directory.path, SLOW);
    await using service = await makePamService([
      `auth required ${module}`,
      `account required ${module}`,
    ]);
    await using helpers = await startPamHelpers(directory.path, { totpPamService: service.name });
    using peer = await Deno.connect({ transport: "unix", path: helpers.socket });
    await peer.write(frames(authenticate("alice", "x")));
    await helpers.errors.waitFor(/^asked, dumpable 0$/);
    peer.close();
    await helpers.errors.waitFor(/^done$/);
    await helpers.until((pids) => pids.length === 0);
  },
);

testWith(
  ["root", "systemd-socket-activate"],
  "pam-helper waits for the first byte of a request as long as it takes, but not for the last",
  async () => {
    await using directory = await makeTestDirectory();
    await using service = await makePamService(PLAIN_RULES);
    await using helpers = await startPamHelpers(directory.path, {
      totpPamService: service.name,
      totpPamTimeout: "1",
    });
    using waiting = await Deno.connect({ transport: "unix", path: helpers.socket });
    await helpers.until((pids) => pids.length === 1);
    const [first] = helpers.pids();
    using half = await Deno.connect({ transport: "unix", path: helpers.socket });
    await half.write(frames(ROOT_NAME).subarray(0, 5));
    await helpers.until((pids) => pids.length === 2);
    assert.equal(await half.read(new Uint8Array(1)), null, "the alarm has ended it");
    // Its end of the socket is closed some moments before it is gone.
    await helpers.until((pids) => pids.length === 1);
    assert.deepEqual(helpers.pids(), [first]);
    await waiting.write(frames(ROOT_NAME));
    assert((await waiting.read(new Uint8Array(99)))! > 0);
  },
);

/** A module that ends its process as if all were well, and wants to change how it ends. */
const EXITING = `
static void at_end(void) { _exit(0); }
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  if (argc > 0) exit(0);
  atexit(at_end);
  return PAM_AUTH_ERR;
}
int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
  return PAM_SUCCESS;
}`;

testWith(["root", "gcc"], "pam-helper says by its status that a module has ended it", async () => {
  await using directory = await makeTestDirectory();
  const module = await compileModule(directory.path, EXITING);
  await using service = await makePamService([`auth required ${module} exit`]);
  const env = { totpPamService: service.name };
  const request = frames(authenticate("alice", "x"));
  const ended = await runHelper(request, env);
  assert.deepEqual([ended.status, ended.replies], [1, []]);
  // Nothing that it has registered has a say in how the helper ends by itself.
  await service.use([`auth required ${module}`]);
  const malformed = await runHelper(new Uint8Array([...request, 0, 0, 0, 0]), env);
  assert.deepEqual([malformed.status, malformed.replies.length], [1, 1]);
});
