import type { Judge, ProxiedStatement } from "./postgres_faults.ts";
import { ProxiedConnection } from "./postgres_proxied.ts";

export * from "./postgres_faults.ts";

/** A proxy between clients and a server that does to statements what a test wants. */
export class PostgresProxy implements AsyncDisposable {
  readonly port: number;
  /** What clients have run, without the values of parameters. */
  readonly statements: ProxiedStatement[] = [];
  /** What happens to statements; by itself, nothing. */
  judge: Judge = () => null;
  readonly #serverPort: number;
  #listener: Deno.TcpListener | null;
  readonly #open = new Set<ProxiedConnection>();
  readonly #running = new Set<Promise<unknown>>();
  #connections = 0;
  #isSilent = false;

  /** Starts a proxy of the server that listens on this port of 127.0.0.1. */
  constructor(serverPort: number) {
    this.#serverPort = serverPort;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#keep(this.#accept(this.#listener));
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#connections;
  }

  /** How many connections there are now. */
  get open(): number {
    return this.#open.size;
  }

  /** What clients have run, as SQL. */
  get sql(): string[] {
    return this.statements.map(({ sql }) => sql);
  }

  /** Has new connections refused, as if there were no server. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = null;
  }

  /** Takes new connections again. */
  admit(): void {
    this.#listener ??= Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#keep(this.#accept(this.#listener));
  }

  /** Closes all connections. */
  cut(): void {
    for (const connection of this.#open) connection.cut();
  }

  /** Keeps all connections, those to come too, and passes nothing on. */
  silence(): void {
    this.#isSilent = true;
    for (const connection of this.#open) connection.silence();
  }

  /** Passes on again what comes on new connections; the silent ones are closed. */
  speak(): void {
    this.#isSilent = false;
    this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    // A connection that is being made when this begins is open after it.
    while (this.#running.size > 0) {
      this.cut();
      await Promise.race(this.#running);
    }
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const client of listener) this.#keep(this.#pass(client, ++this.#connections));
  }

  async #pass(client: Deno.TcpConn, number: number): Promise<void> {
    let server;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: this.#serverPort });
    } catch {
      client.close();
      return;
    }
    const judge = (statement: ProxiedStatement) => {
      this.statements.push(statement);
      return this.judge(statement);
    };
    const connection = new ProxiedConnection({ client, server, number }, judge);
    if (this.#isSilent) connection.silence();
    this.#open.add(connection);
    await connection.run();
    this.#open.delete(connection);
  }

  #keep(work: Promise<unknown>): void {
    const kept = work.finally(() => this.#running.delete(kept));
    this.#running.add(kept);
  }
}
