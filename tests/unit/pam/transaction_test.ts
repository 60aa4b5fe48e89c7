import assert from "node:assert/strict";
import { Conversations } from "../../../src/pam/conversation.ts";
import type { Libpam } from "../../../src/pam/libpam.ts";
import type { PamResult } from "../../../src/pam/pam_result.ts";
import { Status } from "../../../src/pam/status.ts";
import { type ModuleCall, PamTransaction } from "../../../src/pam/transaction.ts";
import { type Address, Memory } from "../../../src/system/memory.ts";

const HANDLE = 0x1234n;

/** Knows what was freed. */
class CountedMemory extends Memory {
  live = 0;

  override allocate(bytes: number): Address {
    this.live++;
    return super.allocate(bytes);
  }

  override free(address: Address): void {
    this.live--;
    super.free(address);
  }
}

// Libraries and callbacks stay for good, so this is done outside of the tests, which look for leaks.
const memory = new CountedMemory();
const conversations = new Conversations(memory);
const name = (...bytes: number[]) => memory.allocateString(new Uint8Array(bytes));
const [ALICE, LATIN1] = [name(0x61, 0x6c), name(0xe4, 0x6c)];

/** Plays libpam: what its functions give is `says`, and which were called comes back. */
async function play(
  says: Partial<Record<keyof Libpam, number>> & { user?: Address; handle?: Address },
  calls: ModuleCall[] = ["pam_authenticate", "pam_acct_mgmt"],
): Promise<{ result: PamResult; called: string[] }> {
  const called: string[] = [];
  const say = (call: keyof Libpam): number => {
    called.push(call);
    return says[call] ?? Status.SUCCESS;
  };
  const libpam: Libpam = {
    pam_start: (_service, _user, _conv, out) => {
      (out as BigUint64Array)[0] = says.handle ?? HANDLE;
      return say("pam_start");
    },
    pam_end: () => say("pam_end"),
    pam_set_item: () => say("pam_set_item"),
    pam_get_item: (_handle, _item, out) => {
      (out as BigUint64Array)[0] = says.user ?? ALICE;
      return say("pam_get_item");
    },
    pam_authenticate: () => Promise.resolve(say("pam_authenticate")),
    pam_acct_mgmt: () => Promise.resolve(say("pam_acct_mgmt")),
  };
  const before = memory.live;
  const login = { username: "al", credentials: null };
  const parts = { libpam, memory, conversations, noDelay: 1n };
  const started = PamTransaction.start(parts, "login", login);
  const result = started instanceof PamTransaction
    ? await started.ask(calls, "192.0.2.1", 60)
    : started;
  assert.equal(memory.live, before, "all memory was freed");
  return { result, called };
}

Deno.test("PamTransaction asks modules in order, and ends what it began", async () => {
  assert.deepEqual(await play({}), {
    result: { outcome: "passed", username: "al" },
    called: [
      ...["pam_start", "pam_set_item", "pam_set_item", "pam_set_item"],
      ...["pam_authenticate", "pam_acct_mgmt", "pam_get_item", "pam_end"],
    ],
  });
  const { called } = await play({}, ["pam_acct_mgmt"]);
  assert.equal(called.includes("pam_authenticate"), false);
});

Deno.test("PamTransaction ends nothing that pam_start didn't begin", async () => {
  const failed = (status: number) => ({
    result: { outcome: "failed", call: "pam_start", status },
    called: ["pam_start"],
  });
  assert.deepEqual(await play({ pam_start: Status.ABORT }), failed(Status.ABORT));
  assert.deepEqual(await play({ handle: 0n }), failed(Status.SUCCESS));
});

Deno.test("PamTransaction asks no module after a failed call, and ends", async () => {
  const { result, called } = await play({ pam_set_item: Status.BUF_ERR });
  assert.deepEqual(result, { outcome: "failed", call: "pam_set_item", status: Status.BUF_ERR });
  assert.deepEqual(called, ["pam_start", "pam_set_item", "pam_end"]);
});

Deno.test("PamTransaction tells what is about the user from the system's failures by every status", async () => {
  const usersDoing = [
    ...["AUTH_ERR", "USER_UNKNOWN", "PERM_DENIED", "MAXTRIES", "NEW_AUTHTOK_REQD"],
    ...["ACCT_EXPIRED", "CRED_EXPIRED", "AUTHTOK_EXPIRED"],
  ];
  for (const [statusName, status] of Object.entries(Status)) {
    if (status === Status.SUCCESS) continue;
    const outcome = usersDoing.includes(statusName) ? "denied" : "failed";
    const wrong = await play({ pam_authenticate: status });
    assert.deepEqual(wrong.result, { outcome, call: "pam_authenticate", status });
    assert.equal(wrong.called.includes("pam_acct_mgmt"), false);
    const expired = await play({ pam_acct_mgmt: status });
    assert.deepEqual(expired.result, { outcome: "denied", call: "pam_acct_mgmt", status });
  }
});

Deno.test("PamTransaction lets nobody in whose name PAM doesn't say in UTF-8", async () => {
  const refused = [{ pam_get_item: Status.BAD_ITEM }, { user: 0n }, { user: LATIN1 }];
  for (const says of refused) {
    assert.deepEqual((await play(says)).result, { outcome: "unnamed" });
  }
});
