import { Failure } from "../core/failure.ts";
import { quoted } from "../core/printable.ts";
import { Redacted } from "../core/redacted.ts";
import {
  openSecret,
  type SealedSecret,
  sealSecret,
  type SecretKey,
} from "../core/sealed_secret.ts";
import { addKey, readKeyFile, syncKeyFile } from "./key_file.ts";

/** A user's secret as it is kept. */
interface Kept {
  username: string;
  secret: SealedSecret;
}

/** Seals users' secrets, and opens them, with the keys of a key file. */
export class Vault {
  /** Path of the key file. */
  readonly path: string;
  #keys: SecretKey[] | null | undefined;

  /** @param path absolute; the file is read when a key is needed */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Seals a secret with the newest key; makes the key file for the first.
   *
   * @param keyIds of the keys that other secrets are sealed with: without them this is not the key
   *   file that belongs to the database
   * @throws Failure `key_missing`, `key_wrong`, `key_error`, `untrusted_path`
   */
  async seal(
    secret: Redacted<Uint8Array>,
    username: string,
    keyIds: readonly string[],
  ): Promise<SealedSecret> {
    for (const id of keyIds) this.#keyNamed(id);
    const newest = this.#read()?.at(-1);
    if (newest !== undefined) syncKeyFile(this.path);
    return await sealSecret(secret, username, newest ?? addKey(this.path));
  }

  /**
   * Opens a user's secret.
   *
   * @throws Failure `key_missing`, `key_wrong`, `key_error`, `untrusted_path`, `secret_unsealed`
   */
  async open({ username, secret }: Kept): Promise<Redacted<Uint8Array>> {
    if (secret.keyId === null) {
      throw new Failure(
        "secret_unsealed",
        `the secret of ${quoted(username)} lies in the database as it is: ` +
          "seal it with: openvpn-totp rekey",
      );
    }
    const key = this.#keyNamed(secret.keyId);
    return await openSecret(secret, username, key) ??
      this.#doesNotFit(username, key);
  }

  /**
   * Seals secrets with a new key, which is added to the key file. Those of before there were keys are
   * taken as they are.
   *
   * @returns what to keep, in the same order
   * @throws Failure as {@link Vault.open}; the new key is in the file only when all could be opened
   */
  async rekey(kept: readonly Kept[]): Promise<SealedSecret[]> {
    const secrets: Redacted<Uint8Array>[] = [];
    for (const one of kept) secrets.push(await this.#openOrTake(one));
    const key = addKey(this.path);
    const sealed: SealedSecret[] = [];
    for (const [i, { username }] of kept.entries()) {
      sealed.push(await sealSecret(secrets[i]!, username, key));
    }
    return sealed;
  }

  #read(): SecretKey[] | null {
    this.#keys ??= readKeyFile(this.path);
    return this.#keys;
  }

  #keyNamed(id: string): SecretKey {
    const keys = this.#read();
    if (keys === null) {
      throw new Failure(
        "key_missing",
        `there is no key file at ${this.path}, and the database's secrets are sealed with the key ` +
          `${id}: restore it, or name the right path (--key, totpKeyFile); without it, move the ` +
          "database away and enrol again",
      );
    }
    const key = keys.find((key) => key.id === id);
    if (key !== undefined) return key;
    throw new Failure(
      "key_wrong",
      `the key file ${this.path} has no key ${id}, which the database's secrets are sealed with: ` +
        "restore the one that belongs to it, or name the right path (--key, totpKeyFile)",
    );
  }

  async #openOrTake(kept: Kept): Promise<Redacted<Uint8Array>> {
    return kept.secret.keyId === null
      ? new Redacted(kept.secret.bytes)
      : await this.open(kept);
  }

  #doesNotFit(username: string, key: SecretKey): never {
    throw new Failure(
      "key_wrong",
      `the secret of ${
        quoted(username)
      } doesn't open with the key ${key.id} of ${this.path}: ` +
        "the key's line or the user's row was changed; restore them from a backup, or enrol the " +
        "user again (enroll --replace)",
    );
  }
}
