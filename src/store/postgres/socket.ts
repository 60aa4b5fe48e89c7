import { connect, type Socket } from "node:net";
import type { PostgresHost } from "../../core/database_place.ts";
import type { Deadline } from "./deadline.ts";

/** How long nothing may come before the system asks whether the other end is still there. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Connects to a server.
 *
 * @throws TooLate; Error of the system's
 */
export async function openSocket(
  { host, port }: PostgresHost,
  deadline: Deadline,
): Promise<Socket> {
  const socket = host.startsWith("/")
    ? connect(`${host}/.s.PGSQL.${port}`)
    : connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  try {
    await deadline.wait(
      new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", reject);
      }),
    );
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    // An error that comes before somebody uses it, or after nobody waits any more, is nobody's.
    socket.removeAllListeners().on("error", () => {});
  }
}
