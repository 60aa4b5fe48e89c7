import { makeAuthority, makeCertificate } from "./certificates.ts";
import type { Lines } from "./lines.ts";
import { makeNetwork, type Network } from "./network.ts";
import { OpenvpnProcess } from "./openvpn_process.ts";
import { keyFileOf, PROGRAM } from "./program.ts";

/** Lines for renegotiations as often as OpenVPN lets them be. */
export const OFTEN_RENEGOTIATED = ["hand-window 9", "reneg-sec 18 18"];

/** A "line" that keeps `auth-gen-token` out of the configuration. */
export const WITHOUT_TOKENS = "without auth-gen-token";

/** A real OpenVPN server with the program as its script, in a network of its own. */
export class OpenvpnServer implements AsyncDisposable {
  readonly directory: string;
  readonly db: string;
  readonly network: Network;
  readonly #process: OpenvpnProcess;

  private constructor(
    directory: string,
    network: Network,
    process: OpenvpnProcess,
  ) {
    this.directory = directory;
    this.db = databaseIn(directory);
    this.network = network;
    this.#process = process;
  }

  /** OpenVPN's log with the program's lines in it. */
  get log(): Lines {
    return this.#process.log;
  }

  /** OpenVPN's directory for temporary files. */
  get temporary(): string {
    return `${this.directory}/tmp`;
  }

  /**
   * Starts a server with the guide's lines in its configuration, and waits until it is ready.
   *
   * @param lines more lines of configuration; an `auth-user-pass-verify`, `client-crresponse`,
   * `auth-gen-token` or `setenv totpTokenDbPath` among them takes the place of the usual one
   * @param prepare what to do in the server's directory before it starts; gives more lines
   * @param finish what to do with the configuration's file before it starts
   */
  static async start(
    lines: readonly string[] = [],
    prepare: (directory: string) => Promise<string[]> = () => Promise.resolve([]),
    finish: (config: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<OpenvpnServer> {
    const directory = await Deno.makeTempDir({ prefix: "ovtotp-t" });
    const network = await makeNetwork();
    await makeAuthority(directory);
    await makeCertificate(directory, "server");
    await Deno.mkdir(`${directory}/tmp`, { mode: 0o700 });
    await Deno.writeTextFile(
      `${directory}/server.conf`,
      configuration(directory, network, [
        ...lines,
        ...await prepare(directory),
      ]),
    );
    await finish(`${directory}/server.conf`);
    const process = new OpenvpnProcess(
      "the server's log",
      network.server.namespace,
      ["--config", `${directory}/server.conf`],
    );
    const server = new OpenvpnServer(directory, network, process);
    try {
      await server.log.waitFor(/Initialization Sequence Completed/);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.network[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
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
    ...has("auth-user-pass-verify") ? [] : [`auth-user-pass-verify ${PROGRAM} via-file`],
    ...has("client-crresponse") ? [] : [`client-crresponse ${PROGRAM}`],
    ...has("auth-gen-token") || lines.includes(WITHOUT_TOKENS) ? [] : ["auth-gen-token"],
    ...has("setenv totpTokenDbPath") ? [] : [
      `setenv totpTokenDbPath ${databaseIn(directory)}`,
      `setenv totpKeyFile ${keyFileOf(databaseIn(directory))}`,
    ],
    ...lines.filter((line) => line !== WITHOUT_TOKENS),
    "",
  ].join("\n");
}
