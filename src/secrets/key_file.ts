import { Failure } from "../core/failure.ts";
import { messageOf } from "../text/message_of.ts";
import { Redacted } from "../text/redacted.ts";
import { KEY_BYTES, type SecretKey } from "./sealed_secret.ts";
import { actingUid, isActingForAnother } from "../system/acting_user.ts";
import { readAll } from "../system/read_all.ts";
import { syncParent } from "../system/sync_parent.ts";
import { followTrusted, makeDirectory, parentOf, requirePrivate } from "../system/trusted_path.ts";
import { writeAll } from "../system/write_all.ts";

/** The first lines of a key file, for people. */
const COMMENT =
  "# Keys of openvpn-totp, newest last: without them no secret in the database can be read.\n" +
  "# Keep a copy, away from the database's copies. Remove a key only when nothing is sealed with it.\n";

/**
 * The form of a key's line: its id, and the key in base64. With a key that is only the next one, nothing
 * is sealed yet, as others who share the database may not have it. Once it is used, it has another line.
 */
const LINE = /^(key|next) ([0-9a-f]{16}) ([A-Za-z0-9+/]{43}=)$/;

/** Enough for thousands of keys. */
const MAX_BYTES = 1024 * 1024;

/** A key of a key file. */
export interface FileKey extends SecretKey {
  /** Nothing is to be sealed with it yet. */
  isNext: boolean;
}

/**
 * Reads a key file: a line per key, newest last. Lines of any other form are left alone.
 *
 * @param path absolute
 * @returns each key once; null when there is no such file
 * @throws Failure `untrusted_path`, `key_error`
 */
export function readKeyFile(path: string): FileKey[] | null {
  try {
    const file = followTrusted(path);
    if (file.info === null) return null;
    requireKeyFile(path, file.info);
    requirePrivate(file.path);
    using open = Deno.openSync(file.path, { read: true });
    const content = readAll((buffer) => open.readSync(buffer), MAX_BYTES);
    if (content === null) throw notKeyFile(path);
    return withoutRepeated(new TextDecoder().decode(content).split("\n").flatMap(keyOf));
  } catch (error) {
    throw keyError(path, error);
  }
}

/**
 * Adds a new key to a key file, and creates the file (mode 0600) where there is none. The key is on
 * the disk when this returns: nothing may be sealed with it before. Nothing else in the file is
 * changed, so that what was sealed with older keys (another database, a backup) stays readable.
 *
 * @param isNext nothing is to be sealed with it yet
 * @throws Failure `untrusted_path`, `key_error`
 */
export function addKey(path: string, { isNext = false } = {}): FileKey {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const id = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const key = { id, bytes: new Redacted(bytes), isNext };
  writeKey(path, key);
  return key;
}

/**
 * Has a key be sealed with that was only the next one; it is on the disk when this returns.
 *
 * @throws Failure `untrusted_path`, `key_error`
 */
export function takeNextKey(path: string, key: SecretKey): FileKey {
  const taken = { ...key, isNext: false };
  writeKey(path, taken);
  return taken;
}

function writeKey(path: string, { id, bytes, isNext }: FileKey): void {
  try {
    const file = followTrusted(path);
    if (file.info === null) makeDirectory(parentOf(file.path));
    else {
      requireKeyFile(path, file.info);
      requirePrivate(file.path);
    }
    using open = Deno.openSync(file.path, {
      read: true,
      append: true,
      create: true,
      mode: 0o600,
    });
    if (file.info === null) Deno.chmodSync(file.path, 0o600);
    else requireNothingElse(path, readAll((buffer) => open.readSync(buffer), MAX_BYTES));
    // An interrupted write may have left half a line.
    const before = file.info === null ? COMMENT : "\n";
    const line = `${before}${isNext ? "next" : "key"} ${id} ${bytes.reveal().toBase64()}\n`;
    writeAll(open, new TextEncoder().encode(line));
    sync(open, file.path);
  } catch (error) {
    throw keyError(path, error);
  }
}

/**
 * Makes sure that a key file is on the disk. The process that added its newest key may have been
 * killed before it did so, and a power cut would take the key, but not what was sealed with it since.
 *
 * @throws Failure `untrusted_path`, `key_error`
 */
export function syncKeyFile(path: string): void {
  try {
    const file = followTrusted(path);
    using open = Deno.openSync(file.path, { read: true });
    sync(open, file.path);
  } catch (error) {
    throw keyError(path, error);
  }
}

/** Opening a named pipe would block. */
function requireKeyFile(path: string, { isFile, size }: Deno.FileInfo): void {
  if (!isFile || size > MAX_BYTES) throw notKeyFile(path);
}

/**
 * Refuses to add a key to another program's file, or to the database, which would overwrite the key: a
 * key file has keys, or nothing but comments and what is left of a key that was cut off.
 */
function requireNothingElse(path: string, content: Uint8Array | null): void {
  if (content === null) throw notKeyFile(path);
  const text = new TextDecoder().decode(content);
  const lines = text.split("\n");
  const isKeyFile = lines.some((line) => LINE.test(line)) ||
    lines.every((line) => line.trim() === "" || /^(#|key |next )/.test(line));
  if (!isKeyFile) throw notKeyFile(path);
}

function notKeyFile(path: string): Failure {
  return new Failure(
    "key_error",
    `${path} is not a key file, which is a regular file of up to ${MAX_BYTES} bytes: give another ` +
      "path (--key, totpKeyFile)",
  );
}

function keyOf(line: string): FileKey[] {
  const [, kind, id, base64] = line.match(LINE) ?? [];
  if (id === undefined || base64 === undefined) return [];
  return [{ id, bytes: new Redacted(Uint8Array.fromBase64(base64)), isNext: kind === "next" }];
}

/** A key that is used counts from the line that says so. */
function withoutRepeated(keys: readonly FileKey[]): FileKey[] {
  const used = new Set(keys.filter(({ isNext }) => !isNext).map(({ id }) => id));
  return keys.filter(({ id, isNext }) => !isNext || !used.has(id));
}

function sync(file: Deno.FsFile, path: string): void {
  file.syncSync();
  syncParent(path);
}

function keyError(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Deno.errors.PermissionDenied) {
    const advice = isActingForAnother()
      ? "the database or a directory above it belongs to this user, so the key file and its directory " +
        "must, too; otherwise, choose another place for the database (--db, totpTokenDbPath)"
      : "run openvpn-totp as the file's owner (sudo)";
    return new Failure(
      "key_error",
      `no permission to use the key file ${path} as uid ${actingUid()}: ${advice}`,
    );
  }
  return new Failure(
    "key_error",
    `cannot use the key file ${path}: ${messageOf(error)} (totpKeyFile)`,
  );
}
