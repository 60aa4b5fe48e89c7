import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { Secret } from "otpauth";
import { keyFileOf } from "../lab/program.ts";

type Row = Record<string, unknown>;

/** What lies in a database and its key file, read without the program's own code. */
export interface Books {
  /** By username. */
  enrolments: Map<string, Row>;
  /** By the path of the attempt's `auth_control_file`. */
  challenges: Map<string, Row>;
  decisions: Row[];
  /** By place. */
  placeFailures: Map<string, Row>;
  /** In the order of the key file. */
  keyIds: string[];
  /** A user's secret in base32, opened with the key file's key; null where there is no such user. */
  secretOf(username: string): string | null;
}

/** The form of a line of the key file: a comment, a key, or nothing. */
const KEY_LINE = /^(#.*|key ([0-9a-f]{16}) ([A-Za-z0-9+/]{43}=))?$/;

/**
 * Reads everything, and asserts that nothing is broken: neither the database nor the key file, and
 * that each secret opens. SQLite plays back what a killed writer left: let the program be first.
 */
export function readBooks(db: string): Books {
  assert.equal(Deno.statSync(db).mode! & 0o777, 0o600);
  const keys = readKeys(keyFileOf(db));
  using database = new DatabaseSync(db, { timeout: 10_000 });
  const all = (sql: string): Row[] => database.prepare(sql).all().map((row) => ({ ...row }));
  assert.deepEqual(all("PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  assert.deepEqual(all("PRAGMA foreign_key_check"), []);
  const by = (column: string, rows: Row[]) =>
    new Map(rows.map((row) => [row[column] as string, row]));
  const enrolments = by("username", all("SELECT * FROM enrolments"));
  const secretOf = (username: string) => {
    const row = enrolments.get(username);
    return row === undefined ? null : open(row, keys);
  };
  for (const username of enrolments.keys()) secretOf(username);
  return {
    enrolments,
    challenges: by("attempt", all("SELECT * FROM challenges")),
    decisions: all("SELECT * FROM decisions ORDER BY id"),
    placeFailures: by("place", all("SELECT * FROM place_failures")),
    keyIds: [...keys.keys()],
    secretOf,
  };
}

function readKeys(path: string): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  for (const line of Deno.readTextFileSync(path).split("\n")) {
    const parts = line.match(KEY_LINE);
    assert(parts, `no line of a key file: ${line.length} characters`);
    if (parts[2] !== undefined) {
      keys.set(parts[2], Uint8Array.fromBase64(parts[3]!));
    }
  }
  return keys;
}

/** AES-256-GCM by another implementation: nonce, ciphertext, tag, bound to the username. */
function open(row: Row, keys: Map<string, Uint8Array>): string {
  const key = keys.get(row.key_id as string);
  assert(key, `the key file has no key ${row.key_id} of ${row.username}`);
  const sealed = row.secret as Uint8Array;
  const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
  cipher.setAAD(
    new TextEncoder().encode(`openvpn-totp secret of ${row.username}`),
  );
  cipher.setAuthTag(sealed.subarray(-16));
  const secret = new Uint8Array([
    ...cipher.update(sealed.subarray(12, -16)),
    ...cipher.final(),
  ]);
  return new Secret({ buffer: secret.buffer }).base32;
}
