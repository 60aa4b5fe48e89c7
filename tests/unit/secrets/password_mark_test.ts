import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { markOfPassword } from "../../../src/secrets/password_mark.ts";
import { addKey } from "../../../src/secrets/key_file.ts";
import { Vault } from "../../../src/secrets/vault.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { TEST_KEY } from "../../lab/secrets.ts";

const OTHER_KEY = { id: "ffff", bytes: new Redacted(new Uint8Array(32).fill(8)) };

function bytesOf(text: string): Redacted<Uint8Array<ArrayBuffer>> {
  return new Redacted(new TextEncoder().encode(text));
}

Deno.test("a password's mark is the same for the same user, password and key alone", async () => {
  const password = bytesOf("correct horse");
  const mark = await markOfPassword("alice", password, TEST_KEY);
  assert.equal(await markOfPassword("alice", bytesOf("correct horse"), TEST_KEY), mark);
  const others = await Promise.all([
    markOfPassword("alice", bytesOf("correct horse "), TEST_KEY),
    markOfPassword("alice", bytesOf(""), TEST_KEY),
    markOfPassword("bob", password, TEST_KEY),
    markOfPassword("Alice", password, TEST_KEY),
    markOfPassword("alice", password, OTHER_KEY),
  ]);
  assert.equal(new Set([mark, ...others]).size, 6);
});

Deno.test("a password's mark is an HMAC with the key, cut to 96 bits: it can't be tested without it", async () => {
  const mark = await markOfPassword("alice", bytesOf("correct horse"), TEST_KEY);
  const mac = createHmac("sha256", TEST_KEY.bytes.reveal())
    .update("openvpn-totp password of alice\0correct horse").digest();
  assert.equal(mark, mac.subarray(0, 12).toString("base64"));
});

Deno.test("where the name ends and the password begins makes a difference, and bytes need not be text", async () => {
  const marks = await Promise.all([
    markOfPassword("alice", bytesOf("1x"), TEST_KEY),
    markOfPassword("alice1", bytesOf("x"), TEST_KEY),
    markOfPassword("alice", new Redacted(new Uint8Array([0xff])), TEST_KEY),
    markOfPassword("alice", new Redacted(new Uint8Array([0xfe])), TEST_KEY),
  ]);
  assert.equal(new Set(marks).size, 4);
});

Deno.test("making a mark leaves the password as it is", async () => {
  const password = bytesOf("correct horse");
  await markOfPassword("alice", password, TEST_KEY);
  assert.deepEqual(password.reveal(), bytesOf("correct horse").reveal());
});

Deno.test("a vault makes marks with the newest key, and none where it has no key to use", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/etc/key`;
  const mark = () => new Vault(path).markOfPassword("alice", bytesOf("x"));
  assert.equal(await mark(), null);
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  const first = addKey(path);
  const ofFirst = await mark();
  assert.equal(ofFirst, await markOfPassword("alice", bytesOf("x"), first));
  assert.equal(await mark(), ofFirst);
  const second = addKey(path);
  assert.equal(await mark(), await markOfPassword("alice", bytesOf("x"), second));
  await Deno.chmod(path, 0o644);
  assert.equal(await mark(), null);
  await Deno.chmod(path, 0o600);
  await Deno.writeTextFile(path, "no key\n");
  assert.equal(await mark(), null);
});
