import type { ClientKey } from "../openvpn/management/client_event.ts";

/** Far more than clients that a server has at once. */
const MOST_CLIENTS = 100_000;

/** A client renegotiates now and then, each time with another key; OpenVPN has three at once. */
const MOST_KEYS = 8;

/** What has become of one key of a client's connection. */
export interface Session {
  readonly key: ClientKey;
  /**
   * OpenVPN has asked whether to let the client in. Where it has not, as far as this connection knows,
   * the client may be in already.
   */
  readonly isAwaited: boolean;
  /** OpenVPN has been told a last word, which nothing may follow. */
  isSettled: boolean;
  /** An answer is being looked at, or was. */
  isAnswered: boolean;
  /** The client has been asked for a code. */
  isChallenged: boolean;
  /** How many of its events are being decided about. */
  inFlight: number;
}

/** The clients of one connection to OpenVPN. Its memory is bounded, whatever OpenVPN says. */
export class ClientSessions {
  readonly #clients = new Map<string, Map<string, Session>>();

  /** Begins with a key. A verdict on an earlier login with the same ids does not reach it. */
  begin(key: ClientKey): Session {
    return this.#add(key, true);
  }

  /** A key's session. One that began before this connection did is not known yet. */
  find(key: ClientKey): Session {
    return this.#clients.get(key.cid)?.get(key.kid) ?? this.#add(key, false);
  }

  /** Says whether a session is still the one of its key. */
  isCurrent(session: Session): boolean {
    return this.#clients.get(session.key.cid)?.get(session.key.kid) === session;
  }

  /** Forgets a client that is gone. */
  forget(cid: string): void {
    this.#clients.delete(cid);
  }

  /** Forgets all, when the connection has ended. */
  clear(): void {
    this.#clients.clear();
  }

  /** Says whether anything about a client is still to be decided by this service. */
  isUndecided(cid: string): boolean {
    const keys = this.#clients.get(cid);
    return keys !== undefined && [...keys.values()].some(isUndecided);
  }

  /** The sessions whose verdict OpenVPN waits for, other than those that wait for a user's code. */
  undecided(): Session[] {
    return this.#all().filter((session) =>
      session.isAwaited && session.inFlight > 0 && !session.isSettled
    );
  }

  /** How many are being decided about, and how many wait for their user's code. */
  count(): { inFlight: number; challenged: number } {
    const all = this.#all();
    return {
      inFlight: all.filter(({ inFlight }) => inFlight > 0).length,
      challenged: all.filter(({ isChallenged, isSettled }) => isChallenged && !isSettled).length,
    };
  }

  #add(key: ClientKey, isAwaited: boolean): Session {
    const session = {
      key,
      isAwaited,
      isSettled: false,
      isAnswered: false,
      isChallenged: false,
      inFlight: 0,
    };
    const keys = this.#clients.get(key.cid) ?? new Map<string, Session>();
    keys.delete(key.kid);
    keys.set(key.kid, session);
    dropOldest(keys, MOST_KEYS);
    this.#clients.set(key.cid, keys);
    dropOldest(this.#clients, MOST_CLIENTS);
    return session;
  }

  #all(): Session[] {
    return [...this.#clients.values()].flatMap((keys) => [...keys.values()]);
  }
}

function isUndecided({ isSettled, isAwaited, inFlight }: Session): boolean {
  return !isSettled && (isAwaited || inFlight > 0);
}

/** A map has its entries in the order in which they were added. */
function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return;
  const [oldest] = map.keys();
  map.delete(oldest!);
}
