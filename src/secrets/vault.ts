import { Failure } from "../core/failure.ts";
import { quoted } from "../text/printable.ts";
import type { Redacted } from "../text/redacted.ts";
import type { SealedSecret } from "../core/enrolment.ts";
import type { PasswordBytes } from "../core/password_form.ts";
import { markOfPassword } from "./password_mark.ts";
import { openSecret, sealSecret, type SecretKey } from "./sealed_secret.ts";
import { addKey, type FileKey, readKeyFile, syncKeyFile, takeNextKey } from "./key_file.ts";

/** A user's secret as it is kept. */
interface Kept {
  username: string;
  secret: SealedSecret;
}

/** Seals users' secrets, and opens them, with the keys of a key file. */
export class Vault {
  /** Path of the key file. */
  readonly path: string;
  #keys: FileKey[] | null | undefined;
  /** The key to seal with, as soon as it is known to be on the disk. */
  #newest: SecretKey | undefined;

  /** @param path absolute; the file is read when a key is first needed */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes sure that this is the key file that belongs to a database.
   *
   * @param keyIds of the keys that the database's secrets are sealed with
   * @throws Failure `key_missing`, `key_wrong`, `key_error`, `untrusted_path`
   */
  requireKeys(keyIds: readonly string[]): void {
    for (const id of keyIds) this.#keyNamed(id);
  }

  /**
   * The ids of the keys in the key file; none where there is no such file.
   *
   * @throws Failure `key_error`, `untrusted_path`
   */
  keyIds(): string[] {
    return this.#read()?.map(({ id }) => id) ?? [];
  }

  /**
   * Seals a secret with the newest key; creates the key file where there is none. Call
   * {@link Vault.requireKeys} first.
   *
   * @throws Failure `key_error`, `untrusted_path`
   */
  async seal(secret: Redacted<Uint8Array>, username: string): Promise<SealedSecret> {
    this.#newest ??= this.#newestOnDisk();
    return await sealSecret(secret, username, this.#newest);
  }

  /**
   * Opens a user's secret.
   *
   * @throws Failure `key_missing`, `key_wrong`, `key_error`, `untrusted_path`
   */
  async open({ username, secret }: Kept): Promise<Redacted<Uint8Array>> {
    const key = this.#keyNamed(secret.keyId);
    return await openSecret(secret, username, key) ??
      this.#doesNotFit(username, key);
  }

  /**
   * Makes a mark of a password with the newest key: without the key file, nobody can test passwords
   * against it.
   *
   * @returns null if the key file is missing or cannot be used
   */
  async markOfPassword(loginName: string, password: PasswordBytes): Promise<string | null> {
    try {
      const key = this.newestKey();
      return key === null ? null : await markOfPassword(loginName, password, key);
    } catch (error) {
      // The login is refused in any case, and then counts as a new guess.
      if (error instanceof Failure) return null;
      throw error;
    }
  }

  /**
   * Adds a new key to the key file, if these secrets open with the keys that are there.
   *
   * @throws Failure as {@link Vault.open}, and nothing was added
   */
  async addKey(kept: readonly Kept[]): Promise<SecretKey> {
    await this.#requireOpen(kept);
    return this.#addKey();
  }

  /**
   * Adds a key to the key file as the next one, with which nothing is sealed yet, if these secrets open
   * with the keys that are there.
   *
   * @throws Failure as {@link Vault.open}, and nothing was added
   */
  async addNextKey(kept: readonly Kept[]): Promise<SecretKey> {
    await this.#requireOpen(kept);
    return this.#addKey({ isNext: true });
  }

  /**
   * The next key: one that is in the key file, but not sealed with yet; null for none.
   *
   * @throws Failure `key_error`, `untrusted_path`
   */
  nextKey(): SecretKey | null {
    return this.#read()?.findLast(({ isNext }) => isNext) ?? null;
  }

  /**
   * The key that secrets are sealed with; null where there is no key file yet.
   *
   * @throws Failure `key_error`, `untrusted_path`
   */
  newestKey(): SecretKey | null {
    return this.#read()?.findLast(({ isNext }) => !isNext) ?? null;
  }

  /**
   * Has secrets be sealed with the next key from now on, if these open with the keys that are there.
   *
   * @throws Failure as {@link Vault.open}, and nothing was changed
   */
  async takeNextKey(key: SecretKey, kept: readonly Kept[]): Promise<SecretKey> {
    await this.#requireOpen(kept);
    const taken = takeNextKey(this.path, key);
    this.#keys = undefined;
    return taken;
  }

  /** Says whether a secret is sealed with an older key than this one. */
  isOlder({ secret }: Kept, key: SecretKey): boolean {
    const ids = this.#read(true)?.map(({ id }) => id) ?? [];
    return ids.indexOf(secret.keyId) < ids.indexOf(key.id);
  }

  /**
   * Seals a secret with another key.
   *
   * @throws Failure as {@link Vault.open}
   */
  async reseal(kept: Kept, key: SecretKey): Promise<SealedSecret> {
    return await sealSecret(await this.open(kept), kept.username, key);
  }

  async #requireOpen(kept: readonly Kept[]): Promise<void> {
    for (const one of kept) await this.open(one);
  }

  #read(anew = false): FileKey[] | null {
    if (anew || this.#keys === undefined) {
      this.#keys = readKeyFile(this.path);
    }
    return this.#keys;
  }

  #newestOnDisk(): SecretKey {
    const newest = this.newestKey();
    if (newest === null) return this.#addKey();
    syncKeyFile(this.path);
    return newest;
  }

  #addKey(options?: { isNext: boolean }): SecretKey {
    const key = addKey(this.path, options);
    this.#keys = undefined;
    return key;
  }

  #keyNamed(id: string): SecretKey {
    const keys = this.#read();
    if (keys === null) {
      throw new Failure(
        "key_missing",
        `there is no key file at ${this.path}, but the database's secrets are sealed with the key ` +
          `${id}: restore the key file, or give the right path (--key, totpKeyFile); if it is lost, ` +
          "move the database away and enrol the users again",
      );
    }
    // Another process may have added it since.
    const key = keys.find((key) => key.id === id) ??
      this.#read(true)?.find((key) => key.id === id);
    if (key !== undefined) return key;
    throw new Failure(
      "key_wrong",
      `the key file ${this.path} has no key ${id}, which the database's secrets are sealed with: ` +
        "restore the key file that belongs to the database, or give the right path " +
        "(--key, totpKeyFile)",
    );
  }

  #doesNotFit(username: string, key: SecretKey): never {
    throw new Failure(
      "key_wrong",
      `the secret of ${quoted(username)} does not open with the key ${key.id} of ${this.path}: ` +
        "the key or the user's secret was changed; restore them from a backup, or enrol the user " +
        "again (enroll --replace)",
    );
  }
}
