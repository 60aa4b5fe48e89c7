import { makeCertificate } from "./certificates.ts";
import { run } from "./command.ts";
import { Lines } from "./lines.ts";
import { OpenvpnProcess } from "./openvpn_process.ts";
import type { OpenvpnServer } from "./openvpn_server.ts";
import { PATIENCE_MS } from "./patience.ts";
import { base64 } from "./program.ts";

/** How a login ended for the client. */
export type Outcome =
  | { connected: true; address: string }
  | { connected: false; reason: string };

/** Who logs in. */
export interface Login {
  username: string;
  password: string;
  /** Common name of the certificate; null for none. */
  commonName?: string | null;
  /** What the client announces as `IV_SSO`; null for nothing. */
  sso?: string | null;
  /** Whether the client has `auth-retry interact`: it asks again after a refusal. */
  asksAgain?: boolean;
  /** Whether OpenVPN itself waits before it connects again, rather than whoever manages it. */
  waitsByItself?: boolean;
  /** Whether the client rejects session tokens. */
  dropsToken?: boolean;
  /** The answer to a static challenge; the client then has `static-challenge` with a text. */
  staticAnswer?: string;
  /** Whether the client sends no password of a user's (`auth-user-pass username-only`, 2.7). */
  isUsernameOnly?: boolean;
  /** Port and protocol of the server, if not the usual ones. */
  remote?: readonly [port: string, protocol: string];
}

/** The exit status of ping(8) when no reply came. */
const NO_REPLY = 1;

let count = 0;

/**
 * A real OpenVPN client, controlled through its management interface as a graphical client does it
 * (management-notes.txt of OpenVPN).
 */
export class OpenvpnClient implements AsyncDisposable {
  readonly #process: OpenvpnProcess;
  readonly #management: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: Lines;
  readonly #reading: Promise<void>;
  readonly #namespace: string;

  private constructor(
    name: string,
    namespace: string,
    process: OpenvpnProcess,
    management: Deno.UnixConn,
  ) {
    this.#namespace = namespace;
    this.#process = process;
    this.#management = management.writable.getWriter();
    this.#lines = new Lines(name);
    this.#reading = this.#lines.readFrom(management.readable);
  }

  /** Everything received from the management interface. */
  get events(): Lines {
    return this.#lines;
  }

  /** Starts a client that sends username and password. */
  static async connect(
    server: OpenvpnServer,
    login: Login,
  ): Promise<OpenvpnClient> {
    const client = await OpenvpnClient.prepare(server, login);
    await client.begin(login);
    return client;
  }

  /** Starts a client that sends nothing until {@link OpenvpnClient.begin}. */
  static async prepare(
    server: OpenvpnServer,
    login: Login,
  ): Promise<OpenvpnClient> {
    const { directory, network: { client: { namespace } } } = server;
    const id = ++count;
    const commonName = login.commonName === undefined ? `client${id}` : login.commonName;
    if (commonName !== null) await makeCertificate(directory, commonName);
    const socket = `${directory}/client${id}.sock`;
    const args = argumentsFor(server, { ...login, commonName }, socket);
    await using stack = new AsyncDisposableStack();
    const process = stack.use(new OpenvpnProcess(`the log of client ${id}`, namespace, args));
    await process.log.waitFor(/MANAGEMENT: unix domain socket listening/);
    const management = await Deno.connect({ transport: "unix", path: socket });
    const client = stack.use(
      new OpenvpnClient(`client ${id}`, namespace, process, management),
    );
    await client.#send("state on", ...login.waitsByItself ? ["hold off"] : [], "hold release");
    await client.#lines.waitFor(/^>PASSWORD:Need 'Auth'/);
    stack.move();
    return client;
  }

  /** Sends username and password to the server. */
  async begin({ username, password, staticAnswer }: Login): Promise<void> {
    const sent = staticAnswer === undefined
      ? password
      : `SCRV1:${base64(password)}:${base64(staticAnswer)}`;
    await this.logIn(username, sent);
  }

  /** Lets the client go on that holds before it connects again. */
  async release(): Promise<void> {
    await this.#send("hold release");
  }

  /** Sends username and password, which the client has asked for. */
  async logIn(username: string, password: string): Promise<void> {
    await this.#send(
      `username "Auth" ${quote(username)}`,
      `password "Auth" ${quote(password)}`,
    );
  }

  /** Waits for a dynamic challenge. */
  async dynamicChallenge(
    from = 0,
  ): Promise<{ stateId: string; username: string; text: string }> {
    const match = await this.#lines.waitFor(
      /^>PASSWORD:Verification Failed: 'Auth' \['CRV1:R,E:([^:]+):([^:]+):(.*)'\]$/,
      from,
    );
    const [, stateId = "", username = "", text = ""] = match;
    const bytes = Uint8Array.fromBase64(username);
    return { stateId, username: new TextDecoder().decode(bytes), text };
  }

  /** Answers a dynamic challenge, once the client asks for username and password again. */
  async answerDynamic(
    username: string,
    stateId: string,
    answer: string,
  ): Promise<void> {
    const isRefusal = (line: string) => line.includes("'CRV1:");
    const from = this.#lines.seen.findLastIndex(isRefusal) + 1;
    await this.#lines.waitFor(/^>HOLD:/, from);
    await this.#send("hold release");
    await this.#lines.waitFor(/^>PASSWORD:Need 'Auth'/, from);
    await this.logIn(username, `CRV1::${stateId}::${answer}`);
  }

  /** Waits for a `crtext` challenge; returns its text. */
  async challenge(from = 0): Promise<string> {
    const match = await this.#lines.waitFor(
      /^>INFOMSG:CR_TEXT:R,E:(.*)$|^>PASSWORD:(Verification Failed.*)$|^>(FATAL.*)$/,
      from,
    );
    if (match[1] === undefined) {
      throw new Error(`no challenge came, but ${match[0]}`);
    }
    return match[1];
  }

  /** Answers the challenge; several answers are sent in one burst. */
  async answer(...codes: string[]): Promise<void> {
    await this.answerRaw(...codes.map(base64));
  }

  /** Sends answers without encoding them. */
  async answerRaw(...responses: string[]): Promise<void> {
    await this.#send(...responses.map((response) => `cr-response ${response}`));
  }

  /** Waits until the login has succeeded or failed. */
  async outcome(from = 0): Promise<Outcome> {
    const match = await this.#lines.waitFor(
      /^>STATE:\d+,CONNECTED,SUCCESS,([^,]*)|^>PASSWORD:Verification Failed: 'Auth'(?: \['((?!CRV1:).*)'\])?$/,
      from,
    );
    return match[1] === undefined
      ? { connected: false, reason: match[2] ?? "" }
      : { connected: true, address: match[1] };
  }

  /** Says whether a ping gets through the tunnel. */
  async ping(): Promise<boolean> {
    const { status } = await run("ip", [
      ...["netns", "exec", this.#namespace],
      // One reply is enough, however many are lost or late.
      ...["ping", "-c", "1", "-w", `${PATIENCE_MS / 1000}`, "10.92.0.1"],
    ]);
    return status === 0;
  }

  /**
   * Sends more packets than a key may be used for, see `RENEGOTIATED_BY_PACKETS`. None of them need
   * be answered: the renegotiation that they lead to may be refused before the first one is.
   */
  async renegotiate(): Promise<void> {
    const { status, stderr } = await run("ip", [
      ...["netns", "exec", this.#namespace],
      ...["ping", "-q", "-c", "30", "-i", "0.01", "10.92.0.1"],
    ]);
    if (status > NO_REPLY) throw new Error(`ping ended with ${status}: ${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.#reading;
  }

  /** Sends lines in one packet. */
  async #send(...lines: string[]): Promise<void> {
    await this.#management.write(
      new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")),
    );
  }
}

/** OpenVPN's arguments for a client that is controlled through a socket. */
function argumentsFor(
  { directory, network }: OpenvpnServer,
  login: Login & { commonName: string | null },
  socket: string,
): string[] {
  const { commonName, sso = "webauth,crtext" } = login;
  return [
    ...["--client", "--dev", "tun", "--proto", "udp", "--nobind"],
    ...["--remote", network.server.address, ...login.remote ?? []],
    ...["--ca", `${directory}/ca.crt`],
    ...commonName === null ? [] : [
      ...["--cert", `${directory}/${commonName}.crt`],
      ...["--key", `${directory}/${commonName}.key`],
    ],
    ...["--auth-user-pass", ...login.isUsernameOnly ? ["username-only"] : [], "--verb", "3"],
    ...["--auth-retry", login.asksAgain ? "interact" : "none"],
    ...login.dropsToken ? ["--pull-filter", "ignore", "auth-token"] : [],
    ...login.staticAnswer === undefined ? [] : ["--static-challenge", "Code?", "1"],
    ...["--management", socket, "unix"],
    ...["--management-hold", "--management-query-passwords"],
    ...sso === null ? [] : ["--setenv", "IV_SSO", sso],
  ];
}

/** Quotes a parameter as the management interface expects it. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
