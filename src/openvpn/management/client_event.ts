import { decodeLatin1 } from "../../text/latin1.ts";
import { EventVariables } from "./event_variables.ts";

/** A key of a client's connection: each TLS key is let in by itself (management-notes.txt, CID, KID). */
export interface ClientKey {
  cid: string;
  kid: string;
}

/** What OpenVPN tells about a client (management-notes.txt, "the CLIENT notification"). */
export type ClientEvent =
  /** A client logs in; with REAUTH, on a connection that is let in already. */
  | { kind: "connect"; key: ClientKey; variables: EventVariables }
  /** A client has sent an answer, asked for or not; `response` is as sent. */
  | { kind: "answer"; key: ClientKey; response: Uint8Array; variables: EventVariables }
  /** A client is gone; another gets its CID only after OpenVPN has begun anew (SIGUSR1). */
  | { kind: "disconnect"; cid: string };

const PREFIX = ">CLIENT:";
const VARIABLE = ">CLIENT:ENV,";
const END = ">CLIENT:ENV,END";

/** Longest answer that is looked at, in bytes. Stock clients send at most 256 characters. */
const MAX_RESPONSE = 4096;

/**
 * Puts the lines about a client together. An event that is cut off by another one, or that is of no
 * known form, is dropped: OpenVPN then refuses that client when its time is up.
 */
export class ClientEventReader {
  #open: ClientEvent | null = null;
  #variables: EventVariables | null = null;

  /**
   * Takes a line that begins with `>CLIENT:`; other lines may come between.
   *
   * @returns the event that ends with it; null if none does
   */
  take(line: Uint8Array): ClientEvent | null {
    if (startsWith(line, VARIABLE)) {
      if (line.length !== END.length || !startsWith(line, END)) {
        this.#variables?.add(line.subarray(VARIABLE.length));
        return null;
      }
      const event = this.#open;
      this.#forget();
      return event;
    }
    // ADDRESS has no variables and may come in between; a new event ends one that was cut off.
    if (startsWith(line, `${PREFIX}ADDRESS,`)) return null;
    this.reset();
    this.#variables = new EventVariables();
    this.#open = eventOf(line, this.#variables);
    return null;
  }

  /** Forgets an event that has not ended, when the connection has. */
  reset(): void {
    this.#variables?.wipe();
    this.#forget();
  }

  #forget(): void {
    this.#open = null;
    this.#variables = null;
  }
}

/** Says whether a line is about a client. */
export function isAboutClient(line: Uint8Array): boolean {
  return startsWith(line, PREFIX);
}

function eventOf(line: Uint8Array, variables: EventVariables): ClientEvent | null {
  const text = decodeLatin1(line.subarray(PREFIX.length, PREFIX.length + MAX_RESPONSE + 100));
  const [, kind, cid, kid, response] = text.match(EVENT) ?? [];
  if (kind === undefined || cid === undefined) return null;
  if (kind === "DISCONNECT") return kid === undefined ? { kind: "disconnect", cid } : null;
  if (kid === undefined) return null;
  const key = { cid, kid };
  if (kind !== "CR_RESPONSE") {
    return response === undefined ? { kind: "connect", key, variables } : null;
  }
  const start = PREFIX.length + `${kind},${cid},${kid},`.length;
  // One that is too long is no code, but an answer.
  const bytes = line.length - start > MAX_RESPONSE ? new Uint8Array() : line.slice(start);
  return { kind: "answer", key, response: bytes, variables };
}

const EVENT =
  /^(CONNECT|REAUTH|CR_RESPONSE|DISCONNECT),(0|[1-9]\d{0,19})(?:,(0|[1-9]\d{0,9})(?:,([^]*))?)?$/;

function startsWith(line: Uint8Array, text: string): boolean {
  return line.length >= text.length && decodeLatin1(line.subarray(0, text.length)) === text;
}
