import type { Socket } from "node:net";
import process from "node:process";
import { connect, type ConnectionOptions } from "node:tls";
import type { PostgresHost, TlsRule } from "../../core/database_place.ts";
import { type Deadline, TooLate } from "./deadline.ts";
import { readTlsFiles } from "./tls_files.ts";

/** What asks a server for TLS (PostgreSQL, "Message Formats", SSLRequest), and its consent. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);
const CONSENT = "S";

/**
 * What TLS needs to know: the server's certificate must be of one of the authorities, and for its host.
 *
 * @returns null where the connection has no TLS
 * @throws Failure `file_error`, `untrusted_path` for certificates that cannot be used
 */
export function tlsOptions(host: PostgresHost, rule: TlsRule | null): ConnectionOptions | null {
  if (rule === null || host.host.startsWith("/")) return null;
  trustNobodyElse();
  // Names of servers that are IP addresses are not sent, but verified all the same: no word about it.
  Object.assign(process, { noDeprecation: true });
  return { servername: host.host, rejectUnauthorized: true, ...readTlsFiles(rule) };
}

/**
 * The runtime adds a connection's authorities to a list of its own, which it reads when it is first needed:
 * those that Mozilla trusts, unless this variable names other lists. Here it names none.
 */
function trustNobodyElse(): void {
  Deno.env.set("DENO_TLS_CA_STORE", "");
}

/**
 * Has a connection go on with TLS, before anything else is said on it.
 *
 * @throws TooLate; Error where the server has no TLS, or its certificate will not do
 */
export async function secure(
  socket: Socket,
  options: ConnectionOptions,
  deadline: Deadline,
): Promise<Socket> {
  const secured = await begun(socket, options, deadline);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    rejectLost(secured, reject);
    secured.once("secureConnect", resolve);
    await deadline.wait(promise);
    return secured;
  } catch (error) {
    // Until the handshake has ended, in whatever way, the runtime does not let go of the connection.
    if (error instanceof TooLate) secured.once("secureConnect", () => secured.destroy());
    else secured.destroy();
    throw error;
  }
}

/** Asks for TLS, and begins it as soon as the server consents: the runtime must not read any further. */
async function begun(
  socket: Socket,
  options: ConnectionOptions,
  deadline: Deadline,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  rejectLost(socket, reject);
  socket.once("data", (answer) => {
    // What comes along with it could be anybody's.
    if (String(answer) !== CONSENT) {
      return reject(new Error("it has no TLS: set ssl = on in its postgresql.conf"));
    }
    socket.removeAllListeners().on("error", () => {});
    resolve(connect({ ...options, socket }));
  });
  socket.write(SSL_REQUEST);
  try {
    return await deadline.wait(promise);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function rejectLost(socket: Socket, reject: (error: Error) => void): void {
  // It stays: an error that nobody hears of would end the process.
  socket.on("error", reject);
  socket.once("close", () => reject(Object.assign(new Error(), { code: "SOCKET_LOST" })));
}
