import type { Fault, Judge } from "./postgres_faults.ts";
import { errorResponse, type Message, message, MessageReader, texts } from "./postgres_messages.ts";

/** What the server answers at once, up to its `ReadyForQuery`. */
interface Round {
  /** The code that the server's error gets instead of its own. */
  sqlstate?: string;
  /** Whether the failed transaction has to be ended by the proxy, and whether that has begun. */
  rollback?: "due" | "begun";
  /** What happens to the client instead of the answer. */
  ending?: "cut" | "silence";
}

const CANCEL_REQUEST = 80877102, SSL_REQUEST = 80877103, GSS_REQUEST = 80877104;

/** A statement that fails; in the place of those that first begin a transaction, it fails in one. */
function failing(sql: string): Uint8Array {
  const begins = /^\s*begin\b[^;]*;\s*\S/i.test(sql);
  return message("Q", `${begins ? "BEGIN; " : ""}SELECT 1/0\0`);
}

/** A portal that no client makes, so that its execution fails. */
const NO_PORTAL = message("E", "ovtotp_no_portal\0", new Uint8Array(4));

const ROLLBACK = message("Q", "ROLLBACK\0");

/** A connection from a client through a proxy to the server. */
export class ProxiedConnection {
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;
  readonly #number: number;
  readonly #judge: Judge;
  readonly #prepared = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  /** Rounds that the server has still to answer; the first is that of the connection's start. */
  readonly #rounds: Round[] = [{}];
  /** The round of what the client sends now, if it has not ended. */
  #open: Round | null = null;
  #statements = 0;
  #isSilent = false;
  #isClosed = false;

  constructor(
    { client, server, number }: { client: Deno.TcpConn; server: Deno.TcpConn; number: number },
    judge: Judge,
  ) {
    this.#client = client;
    this.#server = server;
    this.#number = number;
    // Otherwise each message waits until the one before it is acknowledged, which takes 40 ms.
    for (const side of [client, server]) side.setNoDelay();
    this.#judge = judge;
  }

  /** Passes messages on until the connection ends. */
  async run(): Promise<void> {
    await Promise.all([this.#fromClient(), this.#fromServer()]);
  }

  /** Passes nothing on any more, in both directions, and keeps the connection. */
  silence(): void {
    this.#isSilent = true;
  }

  /** Closes the connection on both sides. */
  cut(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const side of [this.#client, this.#server]) side.close();
  }

  async #fromClient(): Promise<void> {
    const reader = new MessageReader(this.#client);
    if (await this.#start(reader)) {
      for (let next; (next = await reader.next()) !== null;) {
        if (next.type === "X" || !await this.#take(next)) break;
      }
    }
    this.cut();
  }

  /** Passes on a client's start; TLS is refused, as nothing could be seen in it. */
  async #start(reader: MessageReader): Promise<boolean> {
    for (;;) {
      const first = await reader.first();
      if (first === null) return false;
      const code = new DataView(first.body.slice().buffer).getInt32(0);
      if (code === SSL_REQUEST || code === GSS_REQUEST) {
        await send(this.#client, new TextEncoder().encode("N"));
        continue;
      }
      await this.#toServer(first.bytes);
      return code !== CANCEL_REQUEST;
    }
  }

  /** Takes a client's message; false if the connection ends here. */
  async #take(next: Message): Promise<boolean> {
    const { type, body, bytes } = next;
    if (type === "P") this.#remember(this.#prepared, texts(body, 2));
    if (type === "B") {
      const [portal, name] = texts(body, 2);
      this.#remember(this.#portals, [portal!, this.#prepared.get(name!) ?? ""]);
    }
    const sql = this.#executed(next);
    // Passwords belong to the start, whose round is there already.
    if (this.#open === null && type !== "p") this.#rounds.push(this.#open = {});
    const round = this.#open;
    if (type === "S" || type === "Q") this.#open = null;
    if (sql === null || this.#isSilent) return await this.#toServer(bytes);
    const statement = { sql, connection: this.#number, nth: ++this.#statements };
    const fault = this.#judge(statement);
    return fault === null
      ? await this.#toServer(bytes)
      : await this.#suffer(fault, { bytes, sql, round: round!, isSimple: type === "Q" });
  }

  #remember(into: Map<string, string>, [name, sql]: string[]): void {
    into.set(name!, sql!);
  }

  /** The SQL that a message has the server run; null if it is another message. */
  #executed({ type, body }: Message): string | null {
    const [text] = texts(body, 1);
    if (type === "Q") return text!;
    return type === "E" ? this.#portals.get(text!) ?? "" : null;
  }

  async #suffer(
    fault: Fault,
    { bytes, sql, round, isSimple }: {
      bytes: Uint8Array;
      sql: string;
      round: Round;
      isSimple: boolean;
    },
  ): Promise<boolean> {
    switch (fault.act) {
      case "fail":
        round.sqlstate = fault.sqlstate;
        if (/^\s*(commit|end)\b/i.test(sql)) round.rollback = "due";
        return await this.#toServer(isSimple ? failing(sql) : NO_PORTAL);
      case "delay":
        await fault.until;
        return await this.#toServer(bytes);
      case "cut":
      case "silence":
        if (fault.when === "after") {
          round.ending = fault.act;
          return await this.#toServer(bytes);
        }
        if (fault.act === "silence") this.silence();
        return fault.act === "silence";
    }
  }

  async #fromServer(): Promise<void> {
    const reader = new MessageReader(this.#server);
    for (let next; (next = await reader.next()) !== null;) {
      const round = this.#rounds[0] ?? {};
      const isEnd = next.type === "Z";
      if (isEnd && round.rollback === "due") {
        round.rollback = "begun";
        await this.#toServer(ROLLBACK);
        continue;
      }
      if (isEnd) this.#rounds.shift();
      if (round.ending !== undefined) {
        if (isEnd && !this.#end(round.ending)) break;
        continue;
      }
      if (!await this.#answer(next, round)) break;
    }
    this.cut();
  }

  /** Ends the client's connection after its statement; false if it is closed. */
  #end(ending: "cut" | "silence"): boolean {
    if (ending === "silence") this.silence();
    return ending === "silence";
  }

  /** Passes an answer on, as the fault of its round wants it. */
  async #answer({ type, bytes }: Message, round: Round): Promise<boolean> {
    if (round.rollback === "begun" && type !== "Z") return true;
    const isChanged = type === "E" && round.sqlstate !== undefined;
    const answer = isChanged ? errorResponse(round.sqlstate!, "a test's fault") : bytes;
    return this.#isSilent || await send(this.#client, answer);
  }

  async #toServer(bytes: Uint8Array): Promise<boolean> {
    return this.#isSilent || await send(this.#server, bytes);
  }
}

/** Sends all bytes; false if the connection has ended. */
async function send(connection: Deno.Conn, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    return true;
  } catch {
    return false;
  }
}
