import { Failure } from "../../core/failure.ts";
import { actingUid } from "../../system/acting_user.ts";
import { readRegularFile } from "../../system/read_regular_file.ts";
import { followTrusted, requirePrivate } from "../../system/trusted_path.ts";
import { messageOf } from "../../text/message_of.ts";
import { Redacted } from "../../text/redacted.ts";

/** Which password is looked for. */
export interface PassKey {
  /** A name, an address, or the absolute path of a socket's directory. */
  host: string;
  port: number;
  database: string;
  user: string;
}

/** Enough for thousands of servers. */
const MAX_BYTES = 1024 * 1024;

/** libpq's own directory for sockets, as it is built; a file names its host `localhost`. */
const USUAL_SOCKETS = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/**
 * Looks up a password in a file of libpq's (PostgreSQL, "The Password File"): a line per password,
 * `host:port:database:user:password`, of which the first one that fits counts. `*` fits everything, and
 * `\` stands before a `:` or `\` in a value.
 *
 * Unlike libpq, this refuses a file that others may read or could have put there.
 *
 * @param path absolute
 * @returns null where no line fits
 * @throws Failure `database_refused` where there is no such file, or it cannot be read;
 *   `untrusted_path`
 */
export function readPassFile(path: string, key: PassKey): Redacted<string> | null {
  for (const line of contentOf(path).split("\n")) {
    const password = line.startsWith("#") ? null : passwordIn(line.replace(/\r$/, ""), key);
    if (password !== null) return password === "" ? null : new Redacted(password);
  }
  return null;
}

function contentOf(path: string): string {
  try {
    const file = followTrusted(path);
    if (file.info === null) throw new Error("there is no such file");
    if (file.info.isFile) requirePrivate(file.path);
    const { content } = readRegularFile(file.path, MAX_BYTES);
    return new TextDecoder().decode(content);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("database_refused", `cannot use the passfile ${path}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Deno.errors.PermissionDenied
    ? `uid ${actingUid()}, which needs the password, may not read it`
    : messageOf(error);
}

/** The password that a line has for a key; null if it is for another. */
function passwordIn(line: string, { host, port, database, user }: PassKey): string | null {
  const hosts = USUAL_SOCKETS.includes(host) ? ["localhost", host] : [host];
  const fields = fieldsOf(line);
  if (fields === null) return null;
  const wanted = [hosts, [String(port)], [database], [user]];
  const fits = wanted.every((values, i) =>
    fields.keys[i] === "*" || values.some((value) => value === unescaped(fields.keys[i]!))
  );
  return fits ? unescaped(fields.password) : null;
}

/** Takes a line apart at its unescaped colons; what follows a fifth one is left out, as libpq does. */
function fieldsOf(line: string): { keys: string[]; password: string } | null {
  const fields = line.match(/(?:^|:)((?:\\.|\\$|[^:\\])*)/gs) ?? [];
  const plain = fields.map((field, i) => i === 0 ? field : field.slice(1));
  return plain.length < 5 ? null : { keys: plain.slice(0, 4), password: plain[4]! };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}
