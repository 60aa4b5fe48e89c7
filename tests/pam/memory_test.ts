import assert from "node:assert/strict";
import { PamService } from "../../src/pam/pam_service.ts";
import { Status } from "../../src/pam/status.ts";
import { type Address, Memory } from "../../src/system/memory.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { compileModule, makePamService } from "../lab/pam_service.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

/** Knows what is allocated, and can run out. */
class CountedMemory extends Memory {
  readonly live = new Set<Address>();
  readonly written: string[] = [];
  /** How many more allocations succeed. */
  left = Infinity;

  override allocate(bytes: number): Address {
    if (this.left-- <= 0) throw new Error("no memory left");
    const address = super.allocate(bytes);
    this.live.add(address);
    return address;
  }

  override free(address: Address): void {
    assert(this.live.delete(address), "what is freed was allocated, and is freed once");
    super.free(address);
  }

  override write(to: Address, bytes: Uint8Array<ArrayBuffer>): void {
    this.written.push(new TextDecoder().decode(bytes));
    super.write(to, bytes);
  }
}

// Libraries stay open for good, so this is done outside of the tests, which look for leaks.
const memory = new CountedMemory();
const pam = new PamService("ovtotp-t-memory", 60, memory);

/** Asks for the password, and keeps it, so that its memory isn't used again. */
const MODULE = `
int pam_sm_authenticate(void *handle, int flags, int argc, const char **argv) {
  const struct pam_conv *conv;
  struct pam_message message = { PAM_PROMPT_ECHO_OFF, "Password:" };
  const struct pam_message *messages = &message;
  struct pam_response *response = NULL;
  pam_get_item(handle, PAM_CONV, (const void **) &conv);
  return conv->conv(1, &messages, &response, conv->appdata_ptr);
}
int pam_sm_acct_mgmt(void *handle, int flags, int argc, const char **argv) {
  return PAM_SUCCESS;
}`;

/** Runs a test with that module, which decides alone. */
async function withModule(test: () => Promise<void>): Promise<void> {
  await using directory = await makeTestDirectory();
  const module = await compileModule(directory.path, MODULE);
  await using _service = await makePamService(
    [`auth required ${module}`, `account required ${module}`],
    "ovtotp-t-memory",
  );
  await test();
}

const PASSWORD = new Redacted(new TextEncoder().encode("secret"));
const authenticate = () => pam.authenticate("alice", PASSWORD, "192.0.2.1");
const PASSED = { outcome: "passed", username: "alice" } as const;

testWith(
  ["root", "gcc"],
  "PamService frees all memory but what modules are to free",
  () =>
    withModule(async () => {
      const before = memory.live.size;
      for (let i = 0; i < 100; i++) {
        assert.deepEqual(await pam.checkAccount("alice", "192.0.2.1"), PASSED);
        assert.equal(pam.probe(), null);
      }
      assert.equal(memory.live.size, before);

      const RESPONSES = 2; // the array and the password
      for (let i = 0; i < 100; i++) assert.deepEqual(await authenticate(), PASSED);
      assert.equal(memory.live.size, before + 100 * RESPONSES);
    }),
);

testWith(
  ["root", "gcc"],
  "PamService leaves no password behind when memory runs out",
  () =>
    withModule(async () => {
      memory.written.length = 0;
      memory.left = 4; // struct pam_conv, terminal, address and the array, but not the password
      const { CONV_ERR } = Status;
      assert.deepEqual(
        await authenticate(),
        { outcome: "failed", call: "pam_authenticate", status: CONV_ERR },
      );
      assert.equal(memory.written.some((text) => text.includes("secret")), false);
      memory.left = Infinity;
      assert.deepEqual(await authenticate(), PASSED);
      assert(memory.written.includes("secret"));
    }),
);
