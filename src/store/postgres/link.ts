import type { Socket } from "node:net";
import postgres from "postgres";
import type { Redacted } from "../../text/redacted.ts";
import { CheckedSocket } from "./checked_socket.ts";
import type { Result, Row, Value } from "./connection.ts";
import type { Deadline } from "./deadline.ts";
import { storable } from "./storable.ts";

/** Who logs in to the server, and to which database. */
export interface Login {
  user: string;
  database: string;
  password: Redacted<string> | null;
}

/** What the server answered to one command. */
interface Answer extends Result {
  /** Such as COMMIT; null if it is not told. */
  command: string | null;
}

/** How values go to the server and come back, where the library's own way is another. */
const TYPES = {
  // Moments and counts, all below 2^53.
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
  bytea: {
    to: 17,
    from: [17],
    parse: (text: string) => Uint8Array.fromHex(text.slice(2)),
    serialize: (bytes: Uint8Array) => `\\x${bytes.toHex()}`,
  },
};

/**
 * Every option of the library that the environment or a URL could otherwise decide about. It opens one
 * connection, on the socket that it is given, and never another.
 */
const FIXED = {
  max: 1,
  sslnegotiation: null,
  target_session_attrs: null,
  idle_timeout: null,
  connect_timeout: null,
  max_lifetime: null,
  max_pipeline: 100,
  backoff: 0,
  keep_alive: 0,
  prepare: true,
  debug: false,
  fetch_types: false,
  publications: "",
  onnotice: () => {},
  connection: { application_name: "openvpn-totp" },
  types: TYPES,
};

/** One connection to a server. It is broken for good when a deadline passes or the connection is lost. */
export class Link {
  readonly #sql: postgres.Sql;
  readonly #socket: Socket;
  /** Those who wait for an answer, which the library would not always tell that none comes. */
  readonly #waiting = new Set<(error: Error) => void>();
  #isBroken = false;
  /** Why it is broken, where that came from elsewhere. */
  #reason: Error | null = null;

  /**
   * @param socket a connection that nothing has been said on, or only about TLS
   * @param mustProve whether nothing but the password tells the server from others
   */
  constructor(socket: Socket, login: Login, mustProve: boolean) {
    this.#socket = socket;
    const checked = new CheckedSocket(socket, mustProve);
    socket.on("error", (error) => this.#lose(error));
    // What the server said before it closed the connection says more.
    socket.on("close", () => queueMicrotask(() => this.#lose(lost())));
    if (socket.destroyed) this.#lose(socket.errored ?? lost());
    let isTaken = false;
    const options = {
      ...FIXED,
      host: "given",
      port: 1,
      user: login.user,
      database: login.database,
      pass: () => login.password?.reveal() ?? "",
      ssl: false,
      onclose: () => this.#isBroken = true,
      socket: () => {
        if (isTaken) throw lost();
        isTaken = true;
        return checked;
      },
    };
    forgetVariables();
    this.#sql = postgres(options as unknown as postgres.Options<Record<string, never>>);
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /**
   * Runs one statement.
   *
   * @throws TooLate, and then the link is broken; PostgresError; Error of the system's
   */
  async run(sql: string, values: readonly Value[], deadline: Deadline): Promise<Result> {
    const parameters = values.map(sent) as postgres.ParameterOrJSON<never>[];
    return await this.#wait(this.#sql.unsafe(sql, parameters, STATEMENT), deadline);
  }

  /**
   * Runs several statements without parameters, in one transaction unless they say otherwise.
   *
   * @returns what the last one gave
   */
  async runAll(sql: string, deadline: Deadline): Promise<Answer> {
    return await this.#wait(this.#sql.unsafe(sql, [], { simple: true } as never), deadline);
  }

  /** Ends the connection at once. */
  close(): void {
    this.#isBroken = true;
    this.#socket.destroy();
    this.#sql.end({ timeout: 0 }).catch(() => {});
  }

  async #wait(query: PromiseLike<unknown>, deadline: Deadline): Promise<Answer> {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    if (this.#isBroken) reject(this.#reason ?? lost());
    try {
      const answer = answerOf(await deadline.wait(Promise.race([promise, query])));
      // What came together with a reason to close the connection counts for nothing.
      if (this.#socket.destroyed) throw this.#socket.errored ?? lost();
      return answer;
    } catch (error) {
      // What the server itself refused, it has answered.
      if (!(error instanceof postgres.PostgresError)) this.close();
      throw error;
    } finally {
      this.#waiting.delete(reject);
    }
  }

  #lose(error: Error): void {
    this.#isBroken = true;
    this.#reason ??= error;
    for (const reject of this.#waiting) reject(this.#reason);
  }
}

function lost(): Error {
  return Object.assign(new Error(), { code: "SOCKET_LOST" });
}

const STATEMENT = { prepare: true, simple: false } as never;

/** The library has a list of rows with more properties; of several commands, a list of those. */
function answerOf(result: unknown): Answer {
  type Raw = Row[] & { count: number | null; command?: string };
  const raw = result as Raw | Raw[];
  const last = (Array.isArray(raw[0]) ? raw.at(-1) : raw) as Raw;
  return { rows: [...last], count: last.count ?? 0, command: last.command ?? null };
}

/** A value as the library takes it. */
function sent(value: Value): string | number | boolean | null | Uint8Array {
  if (typeof value === "string") return storable(value);
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  // An array as PostgreSQL writes it ("Array Input and Output Syntax").
  const elements = value.map((one) =>
    one === null ? "NULL" : `"${storable(String(one)).replace(/["\\]/g, "\\$&")}"`
  );
  return `{${elements.join(",")}}`;
}

/** The library takes them where nothing else says what they do. */
function forgetVariables(): void {
  for (const name of ["PGAPPNAME", "PGTARGETSESSIONATTRS"]) Deno.env.delete(name);
}
