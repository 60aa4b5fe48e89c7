import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** Thrown where whatever listens does not prove that it is the server. */
export class UnprovenServer extends Error {
  override readonly name = "UnprovenServer";
}

/** The first byte of the messages that are about logging in (PostgreSQL, "Message Formats"). */
const AUTHENTICATION = 0x52;

/** What they are about. */
const OK = 0;
const SASL = [10, 11, 12];
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

/**
 * A server's challenge (RFC 5802, `server-first-message`). The library would let others end the process,
 * and work for as long as the server wants: servers ask for 4096 rounds, unless they are told otherwise.
 */
const CHALLENGE = /^r=[!-+\--~]+,s=[A-Za-z0-9+/]+=*,i=[1-9]\d{0,5}$/;

function isChallenge(bytes: Uint8Array): boolean {
  return CHALLENGE.test(new TextDecoder().decode(bytes));
}

/** Far more than all that a server says before it has let a client in. */
const MOST_BYTES = 64 * 1024;

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
    while (pending.length >= 5) {
      const view = new DataView(pending.buffer);
      const length = 1 + view.getUint32(1);
      if (length > MOST_BYTES) return "it says too much before it lets anybody in";
      if (pending.length < Math.max(length, 9)) return null;
      if (pending[0] === AUTHENTICATION) {
        const kind = view.getUint32(5);
        if (kind === OK && isProven) return done(), null;
        const why = whyNot(kind, pending.slice(9, length));
        if (why !== null) return why;
        isProven ||= kind === SASL_FINAL;
      }
      pending = pending.slice(length);
    }
    return null;
  };
}

/** Why a message about logging in must not be answered; null if it may be. */
function whyNot(kind: number, rest: Uint8Array): string | null {
  if (kind === OK) return "it lets the program in without having proven that it knows the password";
  if (!SASL.includes(kind)) return "it asks for the password itself";
  const isRight = kind !== SASL_CONTINUE || isChallenge(rest);
  return isRight ? null : "its challenge (SCRAM) is not right";
}
