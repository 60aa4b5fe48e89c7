import { decodeRequest, type HelperRequest, LENGTH_BYTES } from "../../src/pam/helper/protocol.ts";
import { encodeReply, type HelperAnswer } from "../../src/pam/helper/reply.ts";
import { Status } from "../../src/pam/status.ts";

/** What a scripted PAM says; null: the helper ends without an answer. */
export type ScriptedPam = (
  request: HelperRequest,
  password: string,
) => Promise<HelperAnswer | null> | HelperAnswer | null;

/** PAM with one password for everybody. */
export function pamWith(right: string): ScriptedPam {
  return (request, password) => {
    const { kind, username } = request;
    if (kind === "account_name") return { accountName: username };
    return kind === "check_account" || password === right
      ? { result: { outcome: "passed", username } }
      : { result: { outcome: "denied", call: "pam_authenticate", status: Status.AUTH_ERR } };
  };
}

/** PAM's helpers by script, for what real modules can't be made to do at a given moment. */
export class FakeHelpers implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;
  pam: ScriptedPam;
  /** How many requests came. */
  requests = 0;
  /** The most connections at once. */
  mostOpen = 0;

  private constructor(path: string, pam: ScriptedPam) {
    this.pam = pam;
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#serving = this.#accept();
  }

  static start(path: string, pam: ScriptedPam): FakeHelpers {
    return new FakeHelpers(path, pam);
  }

  /** Ends all helpers, as if they were killed. */
  kill(): void {
    for (const connection of this.#open) close(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.kill();
    await this.#serving;
  }

  async #accept(): Promise<void> {
    const all: Promise<void>[] = [];
    try {
      for await (const connection of this.#listener) all.push(this.#serve(connection));
    } catch {
      // The listener was closed.
    }
    await Promise.all(all);
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    this.#open.add(connection);
    this.mostOpen = Math.max(this.mostOpen, this.#open.size);
    try {
      for (let body; (body = await readFrame(connection)) !== null;) {
        this.requests++;
        const request = decodeRequest(body)!;
        const password = request.kind === "authenticate"
          ? new TextDecoder().decode(request.password.reveal())
          : "";
        const answer = await this.pam(request, password);
        if (answer === null) break;
        await write(connection, encodeReply({ ...answer, isLast: false, uid: null }));
      }
    } catch {
      // The service has closed it.
    } finally {
      this.#open.delete(connection);
      close(connection);
    }
  }
}

async function readFrame(connection: Deno.Conn): Promise<Uint8Array<ArrayBuffer> | null> {
  const head = await readWhole(connection, LENGTH_BYTES);
  return head && await readWhole(connection, new DataView(head.buffer).getUint32(0));
}

async function readWhole(
  connection: Deno.Conn,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = await connection.read(bytes.subarray(done));
    if (count === null) return null;
    done += count;
  }
  return bytes;
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
