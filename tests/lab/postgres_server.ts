import { mustRun } from "./command.ts";
import { freePort } from "./free_port.ts";
import { Lines } from "./lines.ts";
import { PATIENCE_MS } from "./patience.ts";
import { postgresBinary } from "./postgres_binaries.ts";
import { makePostgresDatabase, type TestPostgresDatabase } from "./postgres_database.ts";
import type { PostgresHome } from "./postgres_home.ts";
import { type PostgresEnd, PostgresProcess } from "./postgres_process.ts";
import { settingsFile, SUPERUSER } from "./postgres_settings.ts";
import type { PostgresCertificates, PostgresTls } from "./postgres_tls.ts";

/** How often another port is tried if somebody else has taken the one that was free. */
const PORT_TRIES = 5;

/** Who a statement is run as, and where. */
export interface PsqlOptions {
  database?: string;
  user?: string;
  /** The file with the user's password; the superuser needs none. */
  passFile?: string;
}

/** A real PostgreSQL, which ends with its scope, and with this process if that is killed. */
export class TestPostgres implements AsyncDisposable {
  /** Everything that the server has logged, through all its starts. */
  readonly log = new Lines("PostgreSQL's log");
  readonly home: PostgresHome;
  /** The directory of the server's socket, which everybody may enter. */
  readonly socketDirectory: string;
  /** Authorities and certificates, if the server has TLS. */
  readonly certificates: PostgresCertificates | null;
  port = 0;
  readonly #data: string;
  #process: PostgresProcess | null = null;
  #databases = 0;

  /** @param data the directory with the server's data, which exists already */
  constructor(
    home: PostgresHome,
    { data, certificates = null }: { data: string; certificates?: PostgresCertificates | null },
  ) {
    this.home = home;
    this.socketDirectory = `${home.path}/socket`;
    this.certificates = certificates;
    this.#data = data;
  }

  /** The directory with the server's data. */
  get data(): string {
    return this.#data;
  }

  /** The server's processes: the postmaster, and its children. */
  pids(): number[] {
    const running = this.#running();
    return [running.pid, ...running.children()];
  }

  /** Starts the server for the first time, on a port of its own. */
  async startFirst(): Promise<void> {
    for (let tries = 1;; tries++) {
      this.port = freePort();
      await Deno.writeTextFile(`${this.#data}/port.conf`, settingsFile({ port: `${this.port}` }));
      try {
        return await this.start();
      } catch (error) {
        if (tries === PORT_TRIES || !/could not bind/.test(String(error))) throw error;
      }
    }
  }

  /** Starts the server after it was stopped, on the same port, and waits until it is there. */
  async start(): Promise<void> {
    const started = new PostgresProcess(this.home, this.#data, this.log);
    try {
      await started.ready();
    } catch (error) {
      await started.end("immediate");
      throw error;
    }
    this.#process = started;
  }

  /** Ends the server, with all its connections, and keeps its data. */
  async stop(how: PostgresEnd = "fast"): Promise<void> {
    const running = this.#running();
    this.#process = null;
    await running.end(how);
  }

  /** Stops the server's processes as they are: it takes connections and statements, and says nothing. */
  pause(): void {
    this.#running().pause();
  }

  /** Lets the server go on after a pause. */
  resume(): void {
    this.#running().resume();
  }

  /** Makes a replica a server that takes writes, and waits until it does. */
  async promote(): Promise<void> {
    await this.psql("SELECT pg_promote(wait => true, wait_seconds => 180)");
  }

  /**
   * Waits until a replica has all that its primary has committed so far.
   *
   * @throws Error if it does not in time
   */
  async caughtUp(primary: TestPostgres): Promise<void> {
    const end = await primary.psql("SELECT pg_current_wal_lsn()");
    const deadline = Date.now() + PATIENCE_MS;
    const isThere = `SELECT pg_last_wal_replay_lsn() >= '${end}'`;
    while (await this.psql(isThere) !== "t") {
      if (Date.now() > deadline) throw new Error("the replica does not catch up");
    }
  }

  /** Replaces the server's certificate, for connections from now on. */
  async useCertificate(tls: PostgresTls): Promise<void> {
    await this.certificates!.makeServers(tls);
    await this.#running().reload();
  }

  /**
   * Makes a database with roles of its own, and with the schema, which belongs to the owner.
   *
   * @param isEmpty whether there is to be no schema yet
   */
  makeDatabase({ isEmpty = false } = {}): Promise<TestPostgresDatabase> {
    return makePostgresDatabase(this, `store${++this.#databases}`, isEmpty);
  }

  /**
   * Runs SQL by psql over the socket, as the superuser if nobody else is named.
   *
   * @returns what it gave: a line for each row, with `|` between columns
   * @throws Error with psql's words if a statement fails
   */
  async psql(
    sql: string,
    { database = "postgres", user = SUPERUSER, passFile }: PsqlOptions = {},
  ): Promise<string> {
    const args = [
      ...["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1"],
      ...["--no-password", "--host", this.socketDirectory, "--port", `${this.port}`],
      ...["--username", user, "--dbname", database],
    ];
    const output = await mustRun(postgresBinary("psql"), args, {
      stdin: sql,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH")!,
        LC_ALL: "C",
        PGCLIENTENCODING: "UTF8",
        // A file that isn't there, otherwise: whoever runs the tests may have one at home.
        PGPASSFILE: passFile ?? `${this.home.path}/no_passwords`,
      },
    });
    return output.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process !== null) await this.stop("immediate");
  }

  #running(): PostgresProcess {
    if (this.#process === null) throw new Error("the server has been stopped");
    return this.#process;
  }
}
