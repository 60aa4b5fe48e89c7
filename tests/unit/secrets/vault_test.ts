import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { Redacted } from "../../../src/text/redacted.ts";
import { openSecret, sealSecret } from "../../../src/secrets/sealed_secret.ts";
import { addKey, readKeyFile } from "../../../src/secrets/key_file.ts";
import { Vault } from "../../../src/secrets/vault.ts";
import { fails } from "../../lab/failures.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { TEST_KEY } from "../../lab/secrets.ts";

const SECRET = new Uint8Array(20).fill(0xd5);

const bytesOf = (secret: Redacted<Uint8Array> | null) => secret?.reveal();

Deno.test("a sealed secret opens with its key and username alone, untouched", async () => {
  const sealed = await sealSecret(new Redacted(SECRET), "alice", TEST_KEY);
  assert.deepEqual(
    bytesOf(await openSecret(sealed, "alice", TEST_KEY)),
    SECRET,
  );
  assert.equal(await openSecret(sealed, "bob", TEST_KEY), null);
  const other = { id: TEST_KEY.id, bytes: new Redacted(new Uint8Array(32)) };
  assert.equal(await openSecret(sealed, "alice", other), null);
  for (let i = 0; i < sealed.bytes.length; i++) {
    const bytes = sealed.bytes.slice();
    bytes[i]! ^= 1;
    const changed = { ...sealed, bytes };
    assert.equal(await openSecret(changed, "alice", TEST_KEY), null);
  }
  for (const bytes of [new Uint8Array(), sealed.bytes.slice(0, 20)]) {
    const short = { ...sealed, bytes };
    assert.equal(await openSecret(short, "alice", TEST_KEY), null);
  }
});

Deno.test("a sealed secret is AES-256-GCM, each time with a nonce of its own", async () => {
  const sealed = await sealSecret(new Redacted(SECRET), "alice", TEST_KEY);
  const nonce = sealed.bytes.subarray(0, 12);
  const cipher = createCipheriv("aes-256-gcm", TEST_KEY.bytes.reveal(), nonce);
  cipher.setAAD(new TextEncoder().encode("openvpn-totp secret of alice"));
  const expected = [
    ...nonce,
    ...cipher.update(SECRET),
    ...cipher.final(),
    ...cipher.getAuthTag(),
  ];
  assert.deepEqual([...sealed.bytes], expected);
  const again = await sealSecret(new Redacted(SECRET), "alice", TEST_KEY);
  assert.notDeepEqual(again.bytes.subarray(0, 12), nonce);
});

Deno.test("a key file is made only for its owner, and keeps every key", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/etc/key`;
  assert.equal(readKeyFile(path), null);
  const first = addKey(path);
  const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
  assert.equal(mode(path), 0o600);
  assert.equal(mode(`${directory.path}/etc`), 0o700);

  // A truncated line destroys no other line.
  Deno.writeTextFileSync(path, "key 00112233445566", { append: true });
  const second = addKey(path);
  const keys = readKeyFile(path)!;
  assert.deepEqual(keys.map(({ id }) => id), [first.id, second.id]);
  for (const [i, key] of [first, second].entries()) {
    assert.equal(key.bytes.reveal().length, 32);
    assert.deepEqual(keys[i]!.bytes.reveal(), key.bytes.reveal());
  }
  assert.notDeepEqual(first.bytes.reveal(), second.bytes.reveal());
});

Deno.test("a key file that others can use is refused, and so is a file that is not a key file", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/key`;
  addKey(path);
  const vault = () => new Vault(path).seal(new Redacted(SECRET), "alice");
  for (const mode of [0o640, 0o604, 0o666]) {
    await Deno.chmod(path, mode);
    await fails(vault, "untrusted_path");
    assert.throws(() => addKey(path), /chmod 600/);
  }
  await Deno.remove(path);
  await Deno.mkdir(path);
  await fails(vault, "key_error");
});

Deno.test("a vault seals with the newest key, and opens what older ones sealed", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/key`;
  const seal = () => new Vault(path).seal(new Redacted(SECRET), "alice");
  const old = await seal();
  const { id } = addKey(path);
  const young = await seal();
  assert.equal(young.keyId, id);
  for (const secret of [old, young]) {
    const opened = await new Vault(path).open({ username: "alice", secret });
    assert.deepEqual(bytesOf(opened), SECRET);
  }
});

Deno.test("a vault names a key that is lost, wrong or does not fit", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/key`;
  const secret = await new Vault(path).seal(new Redacted(SECRET), "alice");
  const kept = { username: "alice", secret };
  const open = (one = kept) => new Vault(path).open(one);
  await fails(() => open({ ...kept, username: "bob" }), "key_wrong");
  await fails(
    () => open({ username: "alice", secret: { ...secret, keyId: "none" } }),
    "key_wrong",
  );

  const right = await Deno.readTextFile(path);
  await Deno.remove(path);
  await fails(() => open(), "key_missing");
  await fails(() => new Vault(path).addKey([kept]), "key_missing");
  const requireKeys = () => new Vault(path).requireKeys([secret.keyId]);
  assert.throws(requireKeys, { code: "key_missing" });
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);

  addKey(path);
  await fails(() => open(), "key_wrong");
  assert.throws(requireKeys, { code: "key_wrong" });
  await fails(() => new Vault(path).addKey([kept]), "key_wrong");
  assert.equal(readKeyFile(path)!.length, 1);

  await Deno.writeTextFile(path, right);
  assert.deepEqual(bytesOf(await open()), SECRET);
  requireKeys();
});

Deno.test("a vault seals again with a key that it adds", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/key`;
  const secret = await new Vault(path).seal(new Redacted(SECRET), "alice");
  const kept = { username: "alice", secret };
  const vault = new Vault(path);
  const key = await vault.addKey([kept]);
  assert.deepEqual(
    readKeyFile(path)!.map(({ id }) => id),
    [secret.keyId, key.id],
  );
  const sealed = await vault.reseal(kept, key);
  assert.equal(sealed.keyId, key.id);
  const opened = await vault.open({ username: "alice", secret: sealed });
  assert.deepEqual(bytesOf(opened), SECRET);
});
