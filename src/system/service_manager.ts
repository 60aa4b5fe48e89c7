import { openLibrary } from "./libraries.ts";

const SOCKETS = {
  socket: {
    parameters: [
      "i32", // int domain
      "i32", // int type
      "i32", // int protocol
    ],
    result: "i32", // int
  },
  sendto: {
    parameters: [
      "i32", // int sockfd
      "buffer", // const void *buf
      "usize", // size_t len
      "i32", // int flags
      "buffer", // const struct sockaddr *dest_addr
      "u32", // socklen_t addrlen
    ],
    result: "isize", // ssize_t
  },
} as const satisfies Deno.ForeignLibraryInterface;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Bytes of `sun_path` in `struct sockaddr_un` (unix(7)); the family is in the two bytes before it. */
const PATH_BYTES = 108;
const FAMILY_BYTES = 2;

/** Reads a variable of the environment; undefined if it is not set. */
type Read = (name: string) => string | undefined;

/** Tells the service manager how the service is (sd_notify(3)). */
export interface ServiceManager {
  /**
   * Sends a state, such as `READY=1`; several are separated by newlines. It neither waits nor throws:
   * a state that cannot be sent at once is lost.
   */
  notify(state: string): void;
  /**
   * Within how many milliseconds `WATCHDOG=1` has to be sent again and again, otherwise the service
   * is ended (sd_watchdog_enabled(3)). A service sends it each half of that time. Null if nobody
   * waits for it.
   */
  watchdogMs: number | null;
}

/** Outside of a service manager: nobody is told anything. */
const NOBODY: ServiceManager = { notify: () => {}, watchdogMs: null };

/**
 * Finds out from the environment (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID) whom to tell how the
 * service is. Without NOTIFY_SOCKET, or with one that cannot be reached, nobody is told.
 *
 * To be called before the right to load foreign code is given up. The socket stays open, so that a
 * service that has run out of descriptors can still say that it lives.
 */
export function systemdNotifier(read: Read): ServiceManager {
  const address = socketAddress(read("NOTIFY_SOCKET") ?? "");
  const send = address === null ? null : openSender(address);
  return send === null ? NOBODY : { notify: send, watchdogMs: watchdogMs(read) };
}

/** The address as `struct sockaddr_un`, as long as it is filled; null if it is none. */
function socketAddress(name: string): Uint8Array<ArrayBuffer> | null {
  const isAbstract = name.startsWith("@");
  if (!isAbstract && !name.startsWith("/")) return null;
  // An abstract name has a NUL in front and no other; a path has one at its end.
  const path = new TextEncoder().encode(isAbstract ? `\0${name.slice(1)}` : `${name}\0`);
  if (path.length < 2 || path.length > PATH_BYTES) return null;
  const address = new Uint8Array(FAMILY_BYTES + path.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(path, FAMILY_BYTES);
  return address;
}

/** Opens a socket, and returns what sends a text to an address; null if that is not possible. */
function openSender(address: Uint8Array<ArrayBuffer>): ((text: string) => void) | null {
  try {
    const { socket, sendto } = openLibrary("libc.so.6", SOCKETS).symbols;
    const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return null;
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return (text) => {
      const bytes = new TextEncoder().encode(text);
      sendto(descriptor, bytes, BigInt(bytes.length), flags, address, address.length);
    };
  } catch {
    // The service answers logins as well without telling anybody.
    return null;
  }
}

/** WATCHDOG_USEC in milliseconds, if it is meant for this process. */
function watchdogMs(read: Read): number | null {
  const digits = read("WATCHDOG_USEC") ?? "";
  const pid = read("WATCHDOG_PID");
  if (!/^\d{1,15}$/.test(digits) || pid !== undefined && pid !== String(Deno.pid)) return null;
  const ms = Math.floor(Number(digits) / 1000);
  return ms > 0 ? ms : null;
}
