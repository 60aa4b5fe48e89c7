import assert from "node:assert/strict";
import { Redacted } from "../../../../src/text/redacted.ts";
import { refused } from "../../../../src/core/verdict.ts";
import { replyWith } from "../../../../src/login/reply.ts";
import { CodeReply } from "../../../../src/openvpn/script/code_reply.ts";
import { ExitStatus } from "../../../../src/openvpn/script/exit_status.ts";
import { PasswordReply } from "../../../../src/openvpn/script/password_reply.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const SHOWN = { challengeText: "Code?", challengeTimeoutSeconds: 30, loginName: "alice" };

/** The files of one attempt, as OpenVPN makes them: they exist and are empty. */
async function withFiles(
  test: (read: (name: string) => string | undefined, content: (name: string) => string) => void,
): Promise<void> {
  await using directory = await makeTestDirectory();
  const names = ["auth_control_file", "auth_pending_file", "auth_failed_reason_file"];
  const path = (name: string) => `${directory.path}/${name}`;
  for (const name of names) await Deno.writeTextFile(path(name), "", { mode: 0o600 });
  test(
    (name) => names.includes(name) ? path(name) : undefined,
    (name) => Deno.readTextFileSync(path(name)),
  );
}

Deno.test("PasswordReply defers for a challenge, and refuses for one that needs a new connection", async () => {
  await withFiles((read, content) => {
    const reply = new PasswordReply(read, SHOWN);
    const crtext = { outcome: "challenged", by: "crtext" } as const;
    assert.equal(replyWith(crtext, reply), ExitStatus.DEFER);
    assert.equal(content("auth_pending_file"), "30\ncrtext\nCR_TEXT:R,E:Code?\n");
    const stateId = new Redacted("s1");
    const dynamic = { outcome: "challenged", by: "dynamic", stateId } as const;
    assert.equal(replyWith(dynamic, reply), ExitStatus.REFUSE);
    assert.equal(content("auth_failed_reason_file"), "CRV1:R,E:s1:YWxpY2U=:Code?");
    assert.equal(content("auth_control_file"), "");
  });
});

Deno.test("PasswordReply accepts by its exit status, and refuses everything else", async () => {
  await withFiles((read, content) => {
    const reply = new PasswordReply(read, SHOWN);
    const accepted = { outcome: "accepted", by: "code" } as const;
    assert.equal(replyWith(accepted, reply), ExitStatus.ACCEPT);
    const unchanged = { outcome: "unchanged", reason: "challenge_answered" } as const;
    assert.equal(replyWith(unchanged, reply), ExitStatus.REFUSE);
    assert.equal(replyWith(refused("wrong_password"), reply), ExitStatus.REFUSE);
    assert.equal(content("auth_failed_reason_file"), "");
    assert.equal(replyWith(refused("code_used"), reply), ExitStatus.REFUSE);
    assert.match(content("auth_failed_reason_file"), /already used/);
    assert.equal(content("auth_control_file"), "");
  });
});

Deno.test("CodeReply writes reason and verdict, and never a second verdict", async () => {
  await withFiles((read, content) => {
    const reply = new CodeReply(read);
    assert.equal(replyWith(refused("code_used"), reply), ExitStatus.REFUSE);
    assert.match(content("auth_failed_reason_file"), /already used/);
    assert.equal(content("auth_control_file"), "0");
    const accepted = { outcome: "accepted", by: "code" } as const;
    assert.throws(() => replyWith(accepted, reply), /already has an answer/);
    assert.equal(content("auth_control_file"), "0");
  });
  await withFiles((read, content) => {
    const reply = new CodeReply(read);
    const accepted = { outcome: "accepted", by: "code" } as const;
    assert.equal(replyWith(accepted, reply), ExitStatus.ACCEPT);
    assert.equal(content("auth_control_file"), "1");
    const unchanged = { outcome: "unchanged", reason: "challenge_answered" } as const;
    assert.equal(replyWith(unchanged, reply), ExitStatus.ACCEPT);
    assert.equal(replyWith(refused("wrong_code"), reply), ExitStatus.REFUSE);
    assert.equal(content("auth_control_file"), "1");
  });
});

Deno.test("a reply refuses even if its files do not exist", () => {
  const read = (name: string) => `/nonexistent/${name}`;
  const password = new PasswordReply(read, SHOWN);
  assert.equal(replyWith(refused("code_used"), password), ExitStatus.REFUSE);
  assert.throws(() => replyWith({ outcome: "challenged", by: "crtext" }, password), /cannot write/);
  const code = new CodeReply(read);
  assert.equal(replyWith(refused("code_used"), code), ExitStatus.REFUSE);
  assert.throws(() => replyWith({ outcome: "accepted", by: "code" }, code), /cannot write/);
  assert.equal(code.challenge(), ExitStatus.REFUSE);
});
