import { connect, type Socket } from "node:net";
import type { PostgresHost } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import { printable } from "../../text/printable.ts";
import type { Deadline } from "./deadline.ts";

/** How long nothing may come before the system asks whether the other end is still there. */
const KEEP_ALIVE_MS = 10_000;

/** Mode bits with which everybody may make files in a directory. */
const EVERYBODY_WRITES = 0o002;

/**
 * Connects to a server.
 *
 * @throws TooLate; Error of the system's; Failure `untrusted_path` for a socket that anybody may have made
 */
export async function openSocket(
  { host, port }: PostgresHost,
  deadline: Deadline,
): Promise<Socket> {
  if (host.startsWith("/")) requireServersOwn(host);
  const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect({
    host: plainHost(host),
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  try {
    await deadline.wait(
      new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", reject);
      }),
    );
    quiet(socket);
    return socket;
  } catch (error) {
    quiet(socket);
    // The runtime would lose one that is destroyed before it is connected, and keep it open.
    if (socket.connecting) socket.once("connect", () => socket.destroy());
    else socket.destroy();
    throw error;
  }
}

/** An error that comes before somebody uses it, or after nobody waits any more, is nobody's. */
function quiet(socket: Socket): void {
  socket.removeAllListeners().on("error", () => {});
}

/** A name for two addresses, at one of which somebody else may listen, is taken for the usual one. */
function plainHost(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host;
}

/** Whoever can make a socket while the server is away would be taken for it. */
function requireServersOwn(directory: string): void {
  const { mode } = Deno.statSync(directory);
  if (((mode ?? 0) & EVERYBODY_WRITES) === 0) return;
  throw new Failure(
    "untrusted_path",
    `any user can make a socket in ${
      printable(directory)
    } and pass for the server: let the server ` +
      "listen in a directory of its own (unix_socket_directories), and name that one",
  );
}
