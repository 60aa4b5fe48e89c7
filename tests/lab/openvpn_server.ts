import { makeAuthority, makeCertificate } from "./certificates.ts";
import { Lines } from "./lines.ts";
import { makeNetwork, type Network } from "./network.ts";
import { OpenvpnProcess } from "./openvpn_process.ts";
import { startPamHelpers } from "./pam_helpers.ts";
import { keyFileOf, makeTestDirectory, PROGRAM } from "./program.ts";
import { Serve } from "./serve.ts";
import { wayIn } from "./way_in.ts";

/**
 * Configuration that makes OpenVPN renegotiate whenever a client has sent and received some
 * packets, see `OpenvpnClient.renegotiate`. Renegotiating by seconds could not be frequent:
 * `hand-window` would have to be short, and a busy machine would miss it. The kernel's data channel
 * does not count packets for OpenVPN.
 */
export const RENEGOTIATED_BY_PACKETS = ["reneg-pkts 20", "disable-dco"];

/** A marker among the lines that keeps `auth-gen-token` out of the configuration. */
export const WITHOUT_TOKENS = "without auth-gen-token";

/** A real OpenVPN server with the program as its script, in its own network. */
export class OpenvpnServer implements AsyncDisposable {
  readonly directory: string;
  readonly db: string;
  readonly network: Network;
  #process: OpenvpnProcess;
  /** The lines of OpenVPN and the service, where the service decides. */
  readonly #all: Lines | undefined;

  readonly #stack: AsyncDisposableStack;

  private constructor(
    directory: string,
    network: Network,
    { process, all }: { process: OpenvpnProcess; all: Lines | undefined },
    stack: AsyncDisposableStack,
  ) {
    this.directory = directory;
    this.db = databaseIn(directory);
    this.network = network;
    this.#process = process;
    this.#all = all;
    this.#stack = stack;
  }

  /** OpenVPN's log, including the program's lines. */
  get log(): Lines {
    return this.#all ?? this.#process.log;
  }

  /** OpenVPN's directory for temporary files. */
  get temporary(): string {
    return `${this.directory}/tmp`;
  }

  /**
   * Starts a server with the guide's lines in its configuration, and waits until it is ready.
   *
   * @param lines more lines of configuration; `management` keeps the scripts out; an `auth-user-pass-verify`, `client-crresponse`,
   *   `auth-gen-token` or `setenv totpTokenDbPath` among them replaces the usual one
   * @param prepare what to do in the server's directory before it starts; returns more lines
   * @param finish what to do with the configuration file before it starts
   */
  static async start(
    lines: readonly string[] = [],
    prepare: (directory: string) => Promise<string[]> = () => Promise.resolve([]),
    finish: (config: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<OpenvpnServer> {
    await using stack = new AsyncDisposableStack();
    const { path: directory } = stack.use(await makeTestDirectory());
    const network = stack.use(await makeNetwork());
    await makeAuthority(directory);
    await makeCertificate(directory, "server");
    await Deno.mkdir(`${directory}/tmp`, { mode: 0o700 });
    const config = configIn(directory);
    await Deno.writeTextFile(
      config,
      configuration(directory, network, [...lines, ...await prepare(directory)]),
    );
    await finish(config);
    const all = wayIn.isService ? new Lines("the server and the service") : undefined;
    if (all !== undefined) stack.use(await startService(directory, all));
    const process = await startProcess(network, directory, all);
    return new OpenvpnServer(directory, network, { process, all }, stack.move());
  }

  /** Has OpenVPN drop all clients and begin anew within its process, and waits until it is ready. */
  async restartWithin(): Promise<void> {
    const from = this.log.seen.length;
    this.#process.restartWithin();
    await this.log.waitFor(/Initialization Sequence Completed/, from);
  }

  /** Ends OpenVPN, starts it anew, and waits until it is ready; `log` is the new one's. */
  async restart(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    this.#process = await startProcess(this.network, this.directory, this.#all);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}

/** Starts OpenVPN, and waits until it is ready. */
async function startProcess(
  network: Network,
  directory: string,
  all: Lines | undefined,
): Promise<OpenvpnProcess> {
  await using stack = new AsyncDisposableStack();
  const args = ["--config", configIn(directory)];
  const process = stack.use(
    new OpenvpnProcess("the server's log", network.server.namespace, args, all),
  );
  await process.log.waitFor(/Initialization Sequence Completed/);
  stack.move();
  return process;
}

/** Starts the service with the settings of the configuration, which OpenVPN would give to a script. */
async function startService(directory: string, log: Lines): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const config = await Deno.readTextFile(configIn(directory));
  const settings = config.split("\n").flatMap((line) => line.match(/^setenv (totp.*)$/)?.[1] ?? []);
  const file = `${directory}/serve.conf`;
  await Deno.writeTextFile(file, settings.join("\n"));
  const variables = settings.map((line) => line.match(/^(\S+) "?(.*?)"?$/)!.slice(1, 3));
  const helpers = stack.use(await startPamHelpers(directory, Object.fromEntries(variables)));
  stack.use(
    await Serve.start([
      ...["--management", managementIn(directory), "--settings", file],
      ...["--pam-socket", helpers.socket],
    ], { log }),
  );
  return stack.move();
}

function managementIn(directory: string): string {
  return `${directory}/management.sock`;
}

function configIn(directory: string): string {
  return `${directory}/server.conf`;
}

function databaseIn(directory: string): string {
  return `${directory}/db/token_index.sqlite3`;
}

function configuration(
  directory: string,
  network: Network,
  lines: readonly string[],
): string {
  const has = (directive: string) => lines.some((line) => line.startsWith(`${directive} `));
  const scripts = has("management")
    ? []
    : wayIn.isService
    ? [`management ${managementIn(directory)} unix`, "management-client-auth", "management-hold"]
    : [
      ...has("auth-user-pass-verify") ? [] : [`auth-user-pass-verify ${PROGRAM} via-file`],
      ...has("client-crresponse") ? [] : [`client-crresponse ${PROGRAM}`],
    ];
  return [
    "dev tun",
    "topology subnet",
    "server 10.92.0.0 255.255.255.0",
    `local ${network.server.address}`,
    "proto udp",
    `ca ${directory}/ca.crt`,
    `cert ${directory}/server.crt`,
    `key ${directory}/server.key`,
    "dh none",
    "keepalive 10 60",
    "verb 3",
    `tmp-dir ${directory}/tmp`,
    "script-security 2",
    ...scripts,
    // A code that a test computes stays valid until it is checked, however slow the machine is.
    ...has("setenv totpDriftSteps") ? [] : ["setenv totpDriftSteps 10"],
    ...has("auth-gen-token") || lines.includes(WITHOUT_TOKENS) ? [] : ["auth-gen-token"],
    ...has("setenv totpTokenDbPath") ? [] : [
      `setenv totpTokenDbPath ${databaseIn(directory)}`,
      `setenv totpKeyFile ${keyFileOf(databaseIn(directory))}`,
    ],
    ...lines.filter((line) => line !== WITHOUT_TOKENS),
    "",
  ].join("\n");
}
