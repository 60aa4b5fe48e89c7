import { mustRun } from "./command.ts";
import { Lines } from "./lines.ts";
import { OpenvpnServer } from "./openvpn_server.ts";
import { startPamHelpers } from "./pam_helpers.ts";
import { startPostgres, type TestPostgres, type TestPostgresDatabase } from "./postgres.ts";
import { makeTestDirectory, PROGRAM } from "./program.ts";
import { OPENVPN_LAB, POSTGRES_LAB, type Requirement } from "./requirements.ts";
import { Serve } from "./serve.ts";

/** What a fleet needs from the machine. */
export const FLEET_LAB: readonly Requirement[] = [
  ...new Set<Requirement>([...OPENVPN_LAB, ...POSTGRES_LAB, "systemd-socket-activate"]),
];

/** How a server of a fleet has its logins decided. */
export type FleetWayIn = "hook" | "service";

/** How to start a {@link Fleet}. */
export interface FleetOptions {
  /** A server for each. */
  waysIn: readonly FleetWayIn[];
  /** Settings of all servers, such as `totpMaxFailures 2`. */
  settings?: readonly string[];
  /** Settings of PostgreSQL, see {@link startPostgres}. */
  postgres?: Parameters<typeof startPostgres>[0];
}

/** Real OpenVPN servers, each in a network of its own, whose users are in one PostgreSQL. */
export class Fleet implements AsyncDisposable {
  readonly postgres: TestPostgres;
  readonly database: TestPostgresDatabase;
  readonly servers: readonly FleetServer[];
  readonly #keyFile: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<Fleet, "postgres" | "database" | "servers">,
    keyFile: string,
    stack: AsyncDisposableStack,
  ) {
    this.postgres = parts.postgres;
    this.database = parts.database;
    this.servers = parts.servers;
    this.#keyFile = keyFile;
    this.#stack = stack;
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    await using stack = new AsyncDisposableStack();
    const { path: directory } = stack.use(await makeTestDirectory());
    const postgres = stack.use(await startPostgres(options.postgres));
    const database = await postgres.makeDatabase();
    const keyFile = `${directory}/key`;
    const settings = [
      `totpKeyFile ${keyFile}`,
      // A code that a test computes stays valid until it is checked, however slow the machine is.
      "totpDriftSteps 10",
      ...options.settings ?? [],
    ];
    const servers: FleetServer[] = [];
    for (const wayIn of options.waysIn) {
      servers.push(stack.use(await FleetServer.start(wayIn, database, settings)));
    }
    return new Fleet({ postgres, database, servers }, keyFile, stack.move());
  }

  /** Runs an administrator's command; gives its standard output. */
  admin(...args: readonly string[]): Promise<string> {
    const where = ["--database", this.database.url, "--key", this.#keyFile];
    return mustRun(PROGRAM, [...where, ...args]);
  }

  /** Enrols a user for the first time or again; gives the secret in base32. */
  async enrol(username: string): Promise<string> {
    const [, secret] = (await this.admin("enroll", "--replace", "--", username)).split("\n");
    return secret!;
  }

  /** Ends PostgreSQL, as its administrator does, and starts it again. */
  async restartPostgres(): Promise<void> {
    await this.postgres.stop();
    await this.postgres.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** A server of a fleet, with its own hooks or its own service. */
export class FleetServer implements AsyncDisposable {
  readonly openvpn: OpenvpnServer;
  /** The program's lines, through all starts of a service, among OpenVPN's if there is none. */
  readonly log: Lines;
  readonly #serviceArgs: readonly string[];
  #serve: Serve | null = null;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    openvpn: OpenvpnServer,
    { log, serviceArgs }: { log: Lines; serviceArgs: readonly string[] },
    stack: AsyncDisposableStack,
  ) {
    this.openvpn = openvpn;
    this.log = log;
    this.#serviceArgs = serviceArgs;
    this.#stack = stack;
  }

  static start(
    wayIn: FleetWayIn,
    database: TestPostgresDatabase,
    settings: readonly string[],
  ): Promise<FleetServer> {
    return wayIn === "hook"
      ? FleetServer.#withHooks(database, settings)
      : FleetServer.#withService(database, settings);
  }

  static async #withHooks(
    { socketUrl }: TestPostgresDatabase,
    settings: readonly string[],
  ): Promise<FleetServer> {
    await using stack = new AsyncDisposableStack();
    // They run in the server's network, from which only a socket leads to PostgreSQL.
    const lines = [`totpDatabase ${socketUrl}`, NO_FILE, ...settings].map((line) =>
      `setenv ${line}`
    );
    const openvpn = stack.use(await OpenvpnServer.start(lines));
    return new FleetServer(openvpn, { log: openvpn.log, serviceArgs: [] }, stack.move());
  }

  static async #withService(
    { url }: TestPostgresDatabase,
    settings: readonly string[],
  ): Promise<FleetServer> {
    await using stack = new AsyncDisposableStack();
    let management = "";
    const openvpn = stack.use(
      await OpenvpnServer.start([], (directory) => {
        management = `${directory}/management.sock`;
        return Promise.resolve([`management ${management} unix`, "management-client-auth"]);
      }),
    );
    const { directory } = openvpn;
    const helpers = stack.use(await startPamHelpers(directory, {}));
    const file = `${directory}/serve.conf`;
    await Deno.writeTextFile(file, [`totpDatabase ${url}`, NO_FILE, ...settings, ""].join("\n"));
    const serviceArgs = [
      ...["--management", management],
      ...["--settings", file, "--pam-socket", helpers.socket],
    ];
    const log = new Lines("a server's service");
    const server = new FleetServer(openvpn, { log, serviceArgs }, stack.move());
    try {
      await server.beginService();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Starts the service, and waits until it has OpenVPN. */
  async beginService(): Promise<void> {
    const from = this.log.seen.length;
    this.#serve = await Serve.start(this.#serviceArgs, { log: this.log });
    await this.log.waitFor(/ event=connected\b/, from);
  }

  /** Kills the service at once. */
  async killService(): Promise<void> {
    const serve = this.#serve!;
    this.#serve = null;
    serve.signal("SIGKILL");
    await serve[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#serve?.[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}

/** Where the database would be if it was in a file: there is none. */
const NO_FILE = "totpTokenDbPath /nonexistent/token_index.sqlite3";
