import { dirname } from "node:path/posix";
import { mustRun } from "./command.ts";
import { FakeHelpers, pamWith, type ScriptedPam } from "./fake_helpers.ts";
import { FakeOpenvpn } from "./fake_openvpn.ts";
import { Lines } from "./lines.ts";
import type { Word } from "./openvpn_keys.ts";
import { codeOf, copyProgram, enroll, keyFileOf, makeTestDirectory } from "./program.ts";
import { Serve, type ServeOptions } from "./serve.ts";

/** The password of every user. */
export const PASSWORD = "correct horse";

/** What a client that knows `crtext` sends besides. */
export const CLIENT = { IV_SSO: "crtext", untrusted_ip: "192.0.2.1", untrusted_port: "4711" };

/** How to start a {@link ServiceRig}. */
export interface RigOptions {
  /** How many OpenVPN servers there are. */
  servers?: number;
  settings?: readonly string[];
  args?: readonly string[];
  pam?: ScriptedPam;
  /** A socket of other helpers than the scripted ones. */
  pamSocket?: string;
  pamService?: string;
  /** Whether OpenVPN listens on ports of the loopback address. */
  isTcp?: boolean;
  /** What OpenVPN's sockets ask for. */
  managementPassword?: string | null;
  /** Files in the rig's directory, which `DIRECTORY` in `args` stands for. */
  files?: Record<string, string>;
  /** The user whom the service runs as, and whose the database is; if not the test's own. */
  user?: { uid: number; gid: number };
  /** What to wait for instead of the servers' connections. */
  until?: (rig: ServiceRig) => Promise<void>;
}

/** The built service between scripted OpenVPN servers and scripted PAM helpers. */
export class ServiceRig implements AsyncDisposable {
  readonly directory: string;
  readonly db: string;
  readonly helpers: FakeHelpers;
  readonly servers: readonly FakeOpenvpn[];
  readonly log = new Lines("the service");
  serve!: Serve;
  readonly #stack: AsyncDisposableStack;
  readonly #args: readonly string[];
  /** Whom the service runs as from its next start on; null for the test's own user. */
  as: ServeOptions["as"] & object | null = null;

  private constructor(
    directory: string,
    parts: Pick<ServiceRig, "helpers" | "servers">,
    args: readonly string[],
    stack: AsyncDisposableStack,
  ) {
    this.directory = directory;
    this.db = databaseIn(directory);
    this.helpers = parts.helpers;
    this.servers = parts.servers;
    this.#args = args;
    this.#stack = stack;
  }

  static async start(options: RigOptions = {}): Promise<ServiceRig> {
    const { servers: count = 1, settings = [], args = [], managementPassword = null } = options;
    const { pamService = "login" } = options;
    await using stack = new AsyncDisposableStack();
    const { path: directory } = stack.use(await makeTestDirectory());
    const db = databaseIn(directory);
    await Deno.writeTextFile(
      `${directory}/serve.conf`,
      [
        ...[
          `totpTokenDbPath ${db}`,
          `totpKeyFile ${keyFileOf(db)}`,
          `totpPamService ${pamService}`,
        ],
        // A code that a test computes stays valid until it is checked, however slow the machine is.
        ...["totpDriftSteps 10", ...settings, ""],
      ].join("\n"),
    );
    const pamSocket = options.pamSocket ?? `${directory}/pam.sock`;
    const helpers = stack.use(
      FakeHelpers.start(`${directory}/pam.sock`, options.pam ?? pamWith(PASSWORD)),
    );
    const sockets = Array.from({ length: count }, (_, i) => `${directory}/server${i}.sock`);
    const servers = sockets.map((path) =>
      stack.use(FakeOpenvpn.start(options.isTcp ? null : path, managementPassword))
    );
    const rig = new ServiceRig(
      directory,
      { helpers, servers },
      [
        ...servers.flatMap(({ address }) => ["--management", address]),
        ...["--settings", `${directory}/serve.conf`, "--pam-socket", pamSocket],
        ...args.map((arg) => arg.replace("DIRECTORY", directory)),
      ],
      stack.move(),
    );
    for (const [name, text] of Object.entries(options.files ?? {})) {
      await Deno.writeTextFile(`${directory}/${name}`, text, { mode: 0o600 });
    }
    try {
      if (options.user !== undefined) await rig.#giveTo(options.user);
      await rig.begin(options.until);
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
    return rig;
  }

  /** Path of the key file. */
  get keyFile(): string {
    return keyFileOf(this.db);
  }

  /** The only server, or the first one. */
  get server(): FakeOpenvpn {
    return this.servers[0]!;
  }

  /** Starts the service, once more after it has ended, and waits until it has connected. */
  async begin(until = allConnected): Promise<void> {
    this.serve = await Serve.start(this.#args, { as: this.as, log: this.log });
    await until(this);
  }

  /** Kills the service at once, and waits until it is gone. */
  async kill(): Promise<void> {
    this.serve.signal("SIGKILL");
    await this.serve[Symbol.asyncDispose]();
    await Promise.all(this.servers.map((server) => server.hungUp()));
  }

  /** Enrols a user; gives what computes the user's codes. */
  async enrol(username: string): Promise<(offset?: number) => string> {
    const secret = await enroll(this.db, username);
    return (offset = 0) => codeOf(secret, offset);
  }

  /** A client logs in with the right password; gives the service's word. */
  async challenge(key: string, username: string, server = this.server): Promise<Word> {
    server.logIn(key, username, PASSWORD, CLIENT);
    return await server.word(key);
  }

  /** As a machine has it: what the service uses is its user's, and only root could change the rest. */
  async #giveTo({ uid, gid }: { uid: number; gid: number }): Promise<void> {
    await mustRun("chown", ["-R", `${uid}:${gid}`, this.directory]);
    for (const name of ["", "/serve.conf"]) await Deno.chown(this.directory + name, 0, 0);
    await Deno.chmod(this.directory, 0o755);
    const own = dirname(this.db);
    await mustRun("install", ["-d", "-o", `${uid}`, "-g", `${gid}`, "-m", "0700", own]);
    this.as = { uid, gid, program: await copyProgram(this.directory) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.serve?.[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}

function databaseIn(directory: string): string {
  return `${directory}/db/token_index.sqlite3`;
}

async function allConnected({ servers }: ServiceRig): Promise<void> {
  await Promise.all(servers.map((server) => server.connected));
}
