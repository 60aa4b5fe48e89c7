import { Failure } from "../../../core/failure.ts";
import { type SocketAddress, socketText } from "../../../service_options.ts";
import type { ServiceState } from "../../../service_state.ts";
import { writeAllAsync } from "../../../system/write_all.ts";
import { messageOf } from "../../../text/message_of.ts";
import { quoted } from "../../../text/printable.ts";
import { readUtf8 } from "../../../text/utf8.ts";
import { readServiceState } from "./read_state.ts";

/** How long the service may take, in milliseconds. */
const LIMIT_MS = 5000;

/** Many times the size of the status of a service with a hundred servers. */
const MAX_BYTES = 1024 * 1024;

const REQUEST = "GET /status HTTP/1.0\r\nHost: localhost\r\n\r\n";

/**
 * Asks the service for its status. What answers need not be the service, so nothing is taken from it but
 * a status in its exact form.
 *
 * @param limitMs how long that may take, in milliseconds
 * @throws Failure `service_unreachable`
 */
export async function askService(
  address: SocketAddress,
  limitMs = LIMIT_MS,
): Promise<ServiceState> {
  const place = quoted(socketText(address));
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const text = `the service did not answer on ${place} within ${
      limitMs / 1000
    } seconds: see its log`;
    tooLate.reject(new Failure("service_unreachable", text));
  }, limitMs);
  try {
    const reply = await Promise.race([exchange(address), tooLate.promise]);
    const status = reply === null ? null : readReply(reply);
    if (status !== null) return status;
    throw new Failure(
      "service_unreachable",
      `what answers on ${place} is no service of this openvpn-totp: give the address of its --status`,
    );
  } catch (error) {
    throw error instanceof Failure ? error : unreachable(place, error);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns null for a reply that is too long, or no text */
async function exchange(address: SocketAddress): Promise<string | null> {
  using connection = address.transport === "unix"
    ? await Deno.connect(address)
    : await Deno.connect(address);
  await writeAllAsync(connection, new TextEncoder().encode(REQUEST));
  const bytes = new Uint8Array(MAX_BYTES);
  for (let length = 0; length < bytes.length;) {
    const count = await connection.read(bytes.subarray(length));
    if (count === null) return readUtf8(bytes.subarray(0, length));
    length += count;
  }
  return null;
}

function readReply(reply: string): ServiceState | null {
  const [head, ...body] = reply.split("\r\n\r\n");
  if (!/^HTTP\/1\.[01] 200 /.test(head!)) return null;
  try {
    return readServiceState(JSON.parse(body.join("\r\n\r\n")));
  } catch {
    return null;
  }
}

function unreachable(place: string, error: unknown): Failure {
  const advice = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused
    ? "it isn't running, or its --status names another address (systemctl status openvpn-totp)"
    : messageOf(error);
  return new Failure("service_unreachable", `the service can't be reached on ${place}: ${advice}`);
}
