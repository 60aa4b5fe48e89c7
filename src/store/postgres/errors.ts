import { Failure, type FailureCode, isSystemError, PassingFailure } from "../../core/failure.ts";
import { printable } from "../../text/printable.ts";
import { TooLate } from "./deadline.ts";
import { StrangeServer, UnprovenServer } from "./checked_socket.ts";

const NO_TABLES: [FailureCode, string] = [
  "database_missing",
  "it has no tables of openvpn-totp: run openvpn-totp database init",
];

/** What is wrong by a SQLSTATE, or by its first two characters (PostgreSQL, "Error Codes"). */
const ADVICE: Record<string, [FailureCode, string]> = {
  "08": ["database_unreachable", "the connection was lost"],
  "28": [
    "database_refused",
    "it refuses the user: check the user, the passfile or certificate, and the server's pg_hba.conf",
  ],
  "3D": ["database_refused", "there is no such database: check the URL, or create it"],
  "3F": NO_TABLES,
  "42P01": NO_TABLES,
  "42501": [
    "database_denied",
    "the user lacks rights there: run openvpn-totp database init --role with this user's name",
  ],
  "25006": ["database_readonly", "it takes no writes: it is a replica, or was made read-only"],
  "25P03": ["database_unreachable", "it closed the connection because this machine was too slow"],
  "40": ["database_locked", "other transactions interfered again and again: try again"],
  "55P03": ["database_locked", "another transaction held a lock for too long: try again"],
  "53100": ["database_full", "its disk is full: free some space; nothing was changed"],
  "53200": ["database_error", "it is out of memory"],
  "53300": [
    "database_unreachable",
    "it has no free connections: raise its max_connections, or find out who holds them",
  ],
  "57014": ["database_unreachable", "it took too long to answer"],
  "57P": ["database_unreachable", "it is starting or stopping"],
};

/** Longest message of others' that is repeated, in characters. */
const LONGEST = 200;

/** In these classes, a message may repeat a value. */
const WITH_VALUES = /^2[23]/;

/** An error that the server itself sent, by the library's class for those. */
interface ServerError extends Error {
  /** SQLSTATE, five characters. */
  code: string;
}

/** Thrown where a server asks for a password, and there is none for it. */
export class MissingPassword extends Error {
  override readonly name = "MissingPassword";

  /** @param passFile the file that has no password for the server; null for no file */
  constructor(passFile: string | null) {
    super(
      passFile === null
        ? "it asks for a password: name the file with it (passfile=)"
        : `it asks for a password, and no line of ${passFile} fits its host, port, database and user`,
    );
  }
}

/** Says whether a server refused a password, or that there was none. */
export function isPasswordRefused(error: unknown): boolean {
  return isServerError(error) && error.code === "28P01";
}

/**
 * Turns an error that came up while a server was used into a `Failure` that says which database, what
 * is wrong and what to do. One that has nothing to do with the server is passed on unchanged.
 *
 * @param place names the database
 */
export function failureOf(error: unknown, place: string): unknown {
  if (error instanceof Failure) return error;
  if (error instanceof TooLate) {
    return passing(
      "database_unreachable",
      place,
      "it did not answer in time (totpDatabaseTimeout)",
    );
  }
  if (isServerError(error)) return ofServer(error, place);
  if (isConnectionError(error)) {
    const isUnproven = error.code.startsWith("SASL");
    return passing(isUnproven ? "database_refused" : "database_unreachable", place, lost(error));
  }
  if (error instanceof UnprovenServer) {
    return passing(
      "database_refused",
      place,
      `${error.message}: use scram-sha-256 (pg_hba.conf, password_encryption), TLS, or a unix socket`,
    );
  }
  if (error instanceof MissingPassword) {
    return passing("database_refused", place, printable(error.message));
  }
  if (error instanceof StrangeServer) return passing("database_refused", place, error.message);
  if (isTlsError(error)) {
    const what = told(error.message);
    return passing(
      "database_refused",
      place,
      `TLS failed (check its certificate, and sslrootcert): ${what}`,
    );
  }
  return error;
}

/** Says whether a transaction may succeed if it is begun anew: it has changed nothing. */
export function isToBeRepeated(error: unknown): boolean {
  return isServerError(error) && (error.code === "40001" || error.code === "40P01");
}

/** A failure that clients are told to come back after. */
export function passing(code: FailureCode, place: string, what: string): Failure {
  return new PassingFailure(code, `${place} cannot be used: ${what}`);
}

function ofServer({ code, message }: ServerError, place: string): Failure {
  const advice = ADVICE[code] ?? ADVICE[code.slice(0, 3)] ?? ADVICE[code.slice(0, 2)];
  const more = WITH_VALUES.test(code) ? "" : `, ${told(message)}`;
  if (advice !== undefined) {
    return passing(advice[0], place, `${advice[1]} (SQLSTATE ${code}${more})`);
  }
  return passing("database_error", place, `it reported an error (SQLSTATE ${code}${more})`);
}

/** A message of others', which may be long. */
function told(message: string): string {
  return printable(message.slice(0, LONGEST));
}

/** By its fields: the class has another name in the built program, whose names are shortened. */
function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "code" in error &&
    ("severity" in error || "severity_local" in error) &&
    typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code);
}

/** The library's own codes are words; the system's begin with an E, but for one that Deno does not know. */
function isConnectionError(error: unknown): error is Error & { code: string } {
  return isSystemError(error) ||
    error instanceof Error && "code" in error && typeof error.code === "string" &&
      /^(CONNECT|SASL|SOCKET|AUTH|UNKNOWN)/.test(error.code);
}

function lost(error: Error & { code: string }): string {
  const { code, message } = error;
  if (isSystemError(error)) return told(message);
  return code.startsWith("SASL")
    ? "it did not prove that it knows the password"
    : "the connection was lost";
}

/** What Deno's TLS throws. */
function isTlsError(error: unknown): error is Error {
  return error instanceof Deno.errors.InvalidData || error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Error && /certificate|TLS|tls|handshake|alert/.test(error.message);
}
