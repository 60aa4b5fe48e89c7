import process from "node:process";
import type { Socket } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import type { PostgresHost, TlsRule } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import { StrangeServer } from "./checked_socket.ts";
import type { Deadline } from "./deadline.ts";
import { messageOf } from "../../text/message_of.ts";
import { requirePrivate } from "../../system/trusted_path.ts";

/** Where distributions keep the certificate authorities that the system trusts. */
const SYSTEMS_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * What TLS needs to know: the server's certificate must be of one of the authorities, and for its host.
 *
 * @returns null where the connection has no TLS
 * @throws Failure `file_error`, `untrusted_path` for certificates that cannot be used
 */
export function tlsOptions(host: PostgresHost, rule: TlsRule | null): ConnectionOptions | null {
  if (rule === null || host.host.startsWith("/")) return null;
  // Names of servers that are IP addresses are not sent, but verified all the same: no word about it.
  Object.assign(process, { noDeprecation: true });
  const { rootCertificates, client } = rule;
  return {
    servername: host.host,
    ca: rootCertificates === "system"
      ? systemsAuthorities()
      : readText(rootCertificates, "sslrootcert"),
    rejectUnauthorized: true,
    ...client === null ? {} : {
      cert: readText(client.certificate, "sslcert"),
      key: readKey(client.key),
    },
  };
}

function systemsAuthorities(): string {
  for (const path of SYSTEMS_AUTHORITIES) {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      // Another distribution's.
    }
  }
  throw new Failure(
    "file_error",
    "the system's certificate authorities are in none of the known places: name a file (sslrootcert)",
  );
}

/** The key must be nobody else's to read. */
function readKey(path: string): string {
  requirePrivate(path);
  return readText(path, "sslkey");
}

function readText(path: string, parameter: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Failure("file_error", `cannot read ${path} (${parameter}): ${messageOf(error)}`);
  }
}

/** What asks for TLS, and the answer that agrees (PostgreSQL, "SSLRequest"). */
const REQUEST = new Uint8Array([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const AGREED = "S";

/**
 * Begins TLS on a connection to a server.
 *
 * @param options what {@link tlsOptions} gave
 * @throws StrangeServer where the server has no TLS; TooLate; Error of TLS or the system's
 */
export async function secure(
  socket: Socket,
  options: ConnectionOptions,
  deadline: Deadline,
): Promise<Socket> {
  const secured = Promise.withResolvers<Socket>();
  failWith(socket, secured.reject);
  let tls: Socket | null = null;
  socket.once("data", (answer) => {
    // One byte: whatever else came with it would not be the server's own.
    if (answer.toString("latin1") !== AGREED) return secured.reject(new StrangeServer(NO_TLS));
    // At once, and with no listeners: otherwise Deno reads on, and TLS waits for what was read.
    socket.removeAllListeners();
    const begun = connect({ ...options, socket });
    tls = begun;
    failWith(begun, secured.reject);
    socket.on("error", secured.reject);
    begun.once("secureConnect", () => secured.resolve(begun));
  });
  socket.write(REQUEST);
  try {
    return await deadline.wait(secured.promise);
  } catch (error) {
    (tls as Socket | null)?.destroy();
    socket.destroy();
    throw error;
  }
}

const NO_TLS = "it does not offer TLS: switch it on there (ssl = on)";

/** The listeners stay: an error that comes later, and is nobody's, must not end the process. */
function failWith(socket: Socket, fail: (error: Error) => void): void {
  socket.on("error", fail);
  socket.once("close", () => fail(Object.assign(new Error(), { code: "SOCKET_LOST" })));
}
