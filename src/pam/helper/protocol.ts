/**
 * What the service and a PAM helper say to each other on a stream, one request and one reply after
 * the other. Both sides are this program, so whatever either does not understand ends the
 * connection.
 *
 * A request: its length (four bytes, highest first), and so many bytes: the kind, and the kind's
 * fields, each with its own length (two bytes) before it. It is binary, so that the password stays
 * bytes that both sides overwrite. A reply: a length as above, and JSON; see `reply.ts`.
 *
 * @module
 */
import { Failure } from "../../core/failure.ts";
import type { PasswordBytes } from "../../core/password_form.ts";
import { Redacted } from "../../text/redacted.ts";
import { readUtf8 } from "../../text/utf8.ts";

/** Checks a password, then whether the account may log in. */
export interface AuthenticateRequest {
  kind: "authenticate";
  username: string;
  /** Where the user comes from (PAM_RHOST); null if that is not known. */
  rhost: string | null;
  password: PasswordBytes;
}

/** Checks only whether an account may (still) log in. */
export interface CheckAccountRequest {
  kind: "check_account";
  username: string;
  rhost: string | null;
}

/** Asks for the name by which the system's accounts list a user. */
export interface AccountNameRequest {
  kind: "account_name";
  username: string;
}

/** What PAM itself is asked. */
export type PamRequest = AuthenticateRequest | CheckAccountRequest;

/** Whatever a helper is asked. */
export type HelperRequest = PamRequest | AccountNameRequest;

/** How many bytes the length before a request or a reply has. */
export const LENGTH_BYTES = 4;

/** How many bytes may follow that length. */
export const MAX_BODY_BYTES = 64 * 1024;

/** The first byte of a request. */
const KINDS = { authenticate: 1, check_account: 2, account_name: 3 } as const;

const FIELD_LENGTH_BYTES = 2;

/** Stands in the place of a field's length; no request has room for a field that long. */
const ABSENT = 0xffff;

/**
 * Makes a request, which the caller overwrites once it is sent: it may hold a password.
 *
 * @throws Failure `bad_call` for texts that have no UTF-8, and for more than fits
 */
export function encodeRequest(request: HelperRequest): Uint8Array<ArrayBuffer> {
  const fields = fieldsOf(request);
  const bodyBytes = fields.reduce(
    (sum, field) => sum + FIELD_LENGTH_BYTES + (field?.length ?? 0),
    1,
  );
  if (bodyBytes > MAX_BODY_BYTES) {
    throw new Failure(
      "bad_call",
      `a request to a PAM helper has ${bodyBytes} bytes, expected at most ${MAX_BODY_BYTES}`,
    );
  }
  const frame = new Uint8Array(LENGTH_BYTES + bodyBytes);
  const view = new DataView(frame.buffer);
  view.setUint32(0, bodyBytes);
  frame[LENGTH_BYTES] = KINDS[request.kind];
  let at = LENGTH_BYTES + 1;
  for (const field of fields) {
    view.setUint16(at, field === null ? ABSENT : field.length);
    at += FIELD_LENGTH_BYTES;
    if (field === null) continue;
    frame.set(field, at);
    at += field.length;
  }
  return frame;
}

/**
 * Reads a request.
 *
 * @param body what follows the length; the password is a part of it, not a copy
 * @returns null for what {@link encodeRequest} does not make
 */
export function decodeRequest(body: Uint8Array<ArrayBuffer>): HelperRequest | null {
  const fields = splitFields(body);
  if (fields === null) return null;
  const [kind, count] = [body[0], fields.length];
  const [username, rhost] = fields.slice(0, 2).map((field) => field && readUtf8(field));
  // A text that is no UTF-8 must not be taken for one that is absent.
  if (typeof username !== "string" || fields[1] && rhost === null) return null;
  if (kind === KINDS.account_name && count === 1) return { kind: "account_name", username };
  if (rhost === undefined) return null;
  if (kind === KINDS.check_account && count === 2) {
    return { kind: "check_account", username, rhost };
  }
  const password = fields[2];
  return kind === KINDS.authenticate && count === 3 && password
    ? { kind: "authenticate", username, rhost, password: new Redacted(password) }
    : null;
}

function fieldsOf(request: HelperRequest): (Uint8Array | null)[] {
  const username = bytesOf(request.username);
  if (request.kind === "account_name") return [username];
  const rhost = request.rhost === null ? null : bytesOf(request.rhost);
  return request.kind === "check_account"
    ? [username, rhost]
    : [username, rhost, request.password.reveal()];
}

/** A text of which UTF-8 would make another one is refused: it could be another user's name. */
function bytesOf(text: string): Uint8Array {
  if (text.isWellFormed()) return new TextEncoder().encode(text);
  throw new Failure("bad_call", "a request to a PAM helper has a text that is no Unicode");
}

/** The fields behind the kind, null for an absent one; or null unless they fill the body. */
function splitFields(body: Uint8Array<ArrayBuffer>): (Uint8Array<ArrayBuffer> | null)[] | null {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const fields: (Uint8Array<ArrayBuffer> | null)[] = [];
  let at = 1;
  while (at + FIELD_LENGTH_BYTES <= body.length && fields.length < 3) {
    const length = view.getUint16(at);
    at += FIELD_LENGTH_BYTES;
    fields.push(length === ABSENT ? null : body.subarray(at, at + length));
    if (length !== ABSENT) at += length;
  }
  return at === body.length ? fields : null;
}
