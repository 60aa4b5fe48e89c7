import { Failure, isSystemError } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { followTrusted, makeDirectory, parentOf } from "../../system/trusted_path.ts";
import { syncParent } from "../../system/sync_parent.ts";
import { writeAll } from "../../system/write_all.ts";

/** How many random bytes OpenVPN needs (`struct key` in its crypto.h). */
const KEY_BYTES = 128;

/** More than any key file has. */
const MAX_BYTES = 64 * 1024;

/** Columns of base64 (RFC 7468 section 2). */
const WIDTH = 64;

const NAME = "OpenVPN auth-token server key";
const FORM = new RegExp(`-----BEGIN ${NAME}-----([A-Za-z0-9+/=\\s]+)-----END ${NAME}-----`);

/** A new file for `auth-gen-token-secret`, as `openvpn --genkey auth-token` makes it. */
export function newTokenSecret(
  randomBytes: (length: number) => Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const base64 = randomBytes(KEY_BYTES).toBase64();
  const lines = base64.match(new RegExp(`.{1,${WIDTH}}`, "g"))!;
  const text = [`-----BEGIN ${NAME}-----`, ...lines, `-----END ${NAME}-----`, ""].join("\n");
  return new TextEncoder().encode(text);
}

/**
 * Says whether a file for `auth-gen-token-secret` has to be made.
 *
 * @returns false if there is one that OpenVPN can read
 * @throws Failure `untrusted_path` if somebody else could replace it, `config_error` if something
 *   else is there
 */
export function needsTokenSecret(path: string, read: (path: string) => Uint8Array): boolean {
  const { path: real, info } = followTrusted(path);
  if (info === null) return true;
  if (info.isFile && info.size <= MAX_BYTES && isTokenSecret(read(real))) return false;
  throw new Failure(
    "config_error",
    `${quoted(path)} is not a key for auth-gen-token-secret: name a file that does not exist ` +
      "yet, and setup creates it",
  );
}

function isTokenSecret(content: Uint8Array): boolean {
  const [, base64] = new TextDecoder().decode(content).match(FORM) ?? [];
  try {
    return base64 !== undefined && Uint8Array.fromBase64(base64).length >= KEY_BYTES;
  } catch {
    return false;
  }
}

/**
 * Makes the file, which only its owner can read; it is on the disk when this returns.
 *
 * @throws Failure `untrusted_path`, or `output_error`: then there is no new file
 */
export function makeTokenSecret(path: string, content: Uint8Array): void {
  try {
    const { path: real } = followTrusted(path);
    makeDirectory(parentOf(real));
    write(real, content);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Failure("output_error", `cannot make ${quoted(path)}: ${error.message}`);
  }
}

function write(path: string, content: Uint8Array): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  try {
    Deno.chmodSync(path, 0o600);
    writeAll(file, content);
    file.syncSync();
    syncParent(path);
  } catch (error) {
    Deno.removeSync(path);
    throw error;
  }
}
