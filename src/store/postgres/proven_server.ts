import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** Thrown where whatever listens does not prove that it is the server. */
export class UnprovenServer extends Error {
  override readonly name = "UnprovenServer";
}

/** The first byte of the messages that are about logging in (PostgreSQL, "Message Formats"). */
const AUTHENTICATION = 0x52;

/**
 * The only others before a client is let in: errors, notices, and which version of the protocol the
 * server knows. The library does not insist on that: to whoever says to be ready, it sends statements.
 */
const ERROR_NOTICE_VERSION = [0x45, 0x4e, 0x76];

/** Type and length; and those of a message about logging in, with what it is about. */
const SHORTEST = { message: 5, authentication: 9 };

/** What they are about. */
const OK = 0;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

/** Far more than all that a server says before it has let a client in. */
const MOST_BYTES = 64 * 1024;

/** What a server says of its hash; the library would throw at anything else, where nobody catches it. */
const HASHING = /^r=[!-+\--~]+,s=[A-Za-z0-9+/]+=*,i=([1-9][0-9]{0,6})$/;

/** The hash is made in this thread, which nobody may stop for long; PostgreSQL's default is 4096. */
const MOST_ITERATIONS = 1_000_000;

const NO_PROOF = "it lets the program in without having proven that it knows the password";

/**
 * Closes a connection to whoever lets the program in without having proven that it knows the password
 * (SCRAM, RFC 5802), or asks for the password itself. Without TLS, anybody who may listen at the port
 * while the server is away could otherwise be taken for it.
 *
 * Call it before anything else listens to the socket: the library acts on what it hears, even on a closed
 * connection, and a message that is not right would end the process.
 */
export function requireProof(socket: Socket): void {
  let refusal: ((bytes: Uint8Array) => string | null) | null = lookForProof(() => refusal = null);
  const on = socket.on.bind(socket);
  const guarded = (listener: (bytes: Buffer) => void) => (bytes: Buffer) => {
    const why = refusal?.(bytes) ?? null;
    if (why !== null) socket.destroy(new UnprovenServer(why));
    if (!socket.destroyed) listener(bytes);
  };
  Object.assign(socket, {
    on: (event: string, listener: (bytes: Buffer) => void) =>
      on(event, event === "data" ? guarded(listener) : listener),
  });
}

/**
 * Makes a function that takes what a server says, and gives why it must not be believed; null as long as
 * nothing is wrong.
 *
 * @param done is called when the server has proven who it is
 */
function lookForProof(done: () => void): (bytes: Uint8Array) => string | null {
  let pending = new Uint8Array();
  let isProven = false;
  return (bytes) => {
    pending = new Uint8Array([...pending, ...bytes]);
    while (pending.length > 0) {
      const objection = objectionTo(pending, isProven);
      if (objection !== null) return objection;
      if (pending.length < SHORTEST.message || pending.length < lengthOf(pending)) return null;
      const kind = kindOf(pending);
      if (kind === OK) return done(), null;
      isProven ||= kind === SASL_FINAL;
      pending = pending.slice(lengthOf(pending));
    }
    return null;
  };
}

/**
 * Says what is wrong with the first message of those that begin so.
 *
 * @returns null if nothing is, as far as it has come
 */
function objectionTo(bytes: Uint8Array, isProven: boolean): string | null {
  const isAuthentication = bytes[0] === AUTHENTICATION;
  // From the first byte on: the message may be shorter than what is waited for below.
  if (!isAuthentication && !ERROR_NOTICE_VERSION.includes(bytes[0]!)) return NO_PROOF;
  if (bytes.length < SHORTEST.message) return null;
  const length = lengthOf(bytes);
  const shortest = isAuthentication ? SHORTEST.authentication : SHORTEST.message;
  if (length < shortest) return "it does not speak PostgreSQL's protocol";
  if (length > MOST_BYTES) return "it sends too much before anybody has logged in";
  if (bytes.length < length) return null;
  switch (kindOf(bytes)) {
    case null:
    case SASL:
    case SASL_FINAL:
      return null;
    case OK:
      return isProven ? null : NO_PROOF;
    case SASL_CONTINUE:
      return objectionToHashing(new TextDecoder().decode(bytes.subarray(9, length)));
    default:
      return "it asks for the password itself";
  }
}

function objectionToHashing(text: string): string | null {
  const [, iterations] = text.match(HASHING) ?? [];
  return Number(iterations) <= MOST_ITERATIONS
    ? null
    : "it does not say, in a form that is allowed, how the password is to be hashed";
}

/** The length of the first message, with its type, as the message has it. */
function lengthOf(bytes: Uint8Array): number {
  return 1 + new DataView(bytes.buffer).getUint32(1);
}

/** What the first message is about, which must be whole; null if it is not about logging in. */
function kindOf(bytes: Uint8Array): number | null {
  return bytes[0] === AUTHENTICATION ? new DataView(bytes.buffer).getUint32(5) : null;
}
