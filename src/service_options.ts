import { Failure } from "./core/failure.ts";
import { quoted } from "./text/printable.ts";

/** How `serve` was called. */
export interface ServeOptions {
  /** OpenVPN's management sockets, one for each server; at least one. */
  management: readonly SocketAddress[];
  /** File with the password that OpenVPN's management sockets ask for; null for none. */
  managementPassword: string | null;
  /** A socket for each of the first management sockets, for the administrator's own clients. */
  proxies: readonly SocketAddress[];
  /** The settings' file; null: {@link SETTINGS_FILE} if it exists. */
  settings: string | null;
  /** Where PAM's helpers are reached. */
  pamSocket: string;
  /** The largest number of helpers at once; null: one more than there are processors, and at most ten. */
  helpers: number | null;
  /** The largest number of logins that are decided about at once. */
  maxLogins: number;
  /** Where metrics and status are served; null for nowhere. */
  status: SocketAddress | null;
  /** File that metrics are written to; null for none. */
  metricsFile: string | null;
}

/** How `pam-helper` was called. */
export interface PamHelperOptions {
  /** The settings' file; null: {@link SETTINGS_FILE} if it exists. */
  settings: string | null;
}

/** The two services, which commands start without knowing their code; each gives an exit status. */
export interface Services {
  serve(options: ServeOptions): Promise<number>;
  pamHelper(options: PamHelperOptions): Promise<number>;
}

/** The service's settings, unless another file is given. */
export const SETTINGS_FILE = "/etc/openvpn-totp/serve.conf";

/** Where systemd starts a PAM helper for each connection. */
export const PAM_SOCKET = "/run/openvpn-totp/pam.sock";

/** Where the service tells its status, as its unit sets it up. */
export const STATUS_SOCKET = "/run/openvpn-totp-serve/status.sock";

/** A socket on this machine. */
export type SocketAddress =
  | { transport: "unix"; path: string }
  | { transport: "tcp"; hostname: "127.0.0.1" | "::1"; port: number };

/** Longest path of a unix socket, in bytes (unix(7): sun_path without its NUL). */
const MAX_SOCKET_PATH = 107;

/**
 * Reads the address of a socket on this machine: a path, or a port of the loopback address.
 *
 * @param source the option that it came from, for the error
 * @throws Failure `usage`
 */
export function readSocketAddress(source: string, text: string): SocketAddress {
  const [, hostname, digits] = text.match(/^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/) ?? [];
  const port = Number(digits);
  if (hostname !== undefined && port >= 1 && port <= 65535) {
    return { transport: "tcp", hostname: hostname === "[::1]" ? "::1" : "127.0.0.1", port };
  }
  if (isSocketPath(text)) return { transport: "unix", path: text };
  throw new Failure(
    "usage",
    `${source} is ${
      quoted(text)
    }, expected an absolute path of at most ${MAX_SOCKET_PATH} bytes, or ` +
      "127.0.0.1:PORT or [::1]:PORT",
  );
}

/** Says whether a text can be a unix socket's path. */
export function isSocketPath(text: string): boolean {
  return /^\/[^\p{Cc}]+$/u.test(text) && !text.endsWith("/") &&
    new TextEncoder().encode(text).length <= MAX_SOCKET_PATH;
}

/** An address as its option has it. */
export function socketText(address: SocketAddress): string {
  if (address.transport === "unix") return address.path;
  return address.hostname === "::1" ? `[::1]:${address.port}` : `127.0.0.1:${address.port}`;
}
