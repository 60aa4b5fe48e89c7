import { base64 } from "../tests/lab/program.ts";
import { Lines } from "../tests/lab/lines.ts";
import type { Person } from "./people.ts";

/** What the service decided about a client. */
export type Decision = "client-auth-nt" | "client-deny" | "client-pending-auth";

/**
 * OpenVPN's side of the management interface (management-notes.txt of OpenVPN), without an OpenVPN:
 * it has as many clients as are wanted, and they cost nothing.
 */
export class FakeOpenvpn implements AsyncDisposable {
  readonly #listener: Deno.UnixListener;
  readonly #waiting = new Map<string, (decision: Decision) => void>();
  readonly #serving: Promise<void>;
  readonly #connected = Promise.withResolvers<Deno.UnixConn>();
  #nextClient = 0;
  /** Writes follow one another. */
  #written: Promise<unknown> = Promise.resolve();

  /** @param path where the service looks for the management socket */
  constructor(path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#serving = this.#serve();
  }

  /** Waits for the service. */
  async ready(): Promise<void> {
    await this.#connected.promise;
  }

  /**
   * A client connects with its password.
   *
   * @returns its number, and what was decided
   */
  async connect(
    { username, password }: Person,
    address: string,
  ): Promise<{ client: number; decision: Decision }> {
    const client = this.#nextClient++;
    const decision = await this.#ask(client, `>CLIENT:CONNECT,${client},1`, {
      ...environmentOf(username, address),
      password,
    });
    return { client, decision };
  }

  /** A client answers its challenge. */
  async answer(client: number, code: string, { username }: Person, address: string) {
    const event = `>CLIENT:CR_RESPONSE,${client},1,${base64(code)}`;
    return await this.#ask(client, event, environmentOf(username, address));
  }

  /** A client is gone. */
  async disconnect(client: number, { username }: Person, address: string): Promise<void> {
    await this.#notify(`>CLIENT:DISCONNECT,${client}`, environmentOf(username, address));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#connected.promise.then((connection) => connection.close(), () => {});
    await this.#serving;
  }

  async #ask(client: number, event: string, env: Record<string, string>): Promise<Decision> {
    const { promise, resolve } = Promise.withResolvers<Decision>();
    this.#waiting.set(String(client), resolve);
    await this.#notify(event, env);
    return await promise;
  }

  #notify(event: string, env: Record<string, string>): Promise<void> {
    const lines = Object.entries(env).map(([name, value]) => `>CLIENT:ENV,${name}=${value}`);
    return this.#send([event, ...lines, ">CLIENT:ENV,END"]);
  }

  async #serve(): Promise<void> {
    const connection = await this.#listener.accept().catch(() => null);
    if (connection === null) return this.#connected.reject(new Error("nobody connected"));
    this.#connected.resolve(connection);
    await this.#send([">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info"]);
    const lines = new Lines("the service's commands");
    const reading = lines.readFrom(connection.readable);
    for (let next = 0;; next++) {
      try {
        const [command] = await lines.waitFor(/.*/, next);
        await this.#obey(command);
      } catch {
        return await reading;
      }
    }
  }

  async #obey(command: string): Promise<void> {
    if (command === "version") {
      return await this.#send(["OpenVPN Version: OpenVPN 2.6.14", "Management Version: 5", "END"]);
    }
    const [word, client] = command.split(" ");
    await this.#send([`SUCCESS: ${word} command succeeded`]);
    if (word === "client-auth-nt" || word === "client-deny" || word === "client-pending-auth") {
      this.#waiting.get(client!)?.(word);
      this.#waiting.delete(client!);
    }
  }

  /** Sends lines in one piece. */
  async #send(lines: readonly string[]): Promise<void> {
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));
    const connection = await this.#connected.promise;
    this.#written = this.#written.then(async () => {
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    });
    await this.#written;
  }
}

function environmentOf(username: string, address: string): Record<string, string> {
  return {
    n_clients: "0",
    username,
    common_name: username,
    untrusted_ip: address,
    untrusted_port: "1194",
    IV_VER: "2.6.14",
    IV_PROTO: "990",
    IV_SSO: "webauth,crtext",
    // As with auth-gen-token.
    session_id: "c2Vzc2lvbg==",
  };
}
