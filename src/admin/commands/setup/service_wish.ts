import { basename, resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import { requirePlainPath } from "../../../server_setup/configuration/hook_lines.ts";
import { socketPath } from "../../../server_setup/configuration/service_lines.ts";
import type { ServedServer } from "../../../server_setup/units/service_unit.ts";
import {
  isSocketPath,
  PAM_SOCKET,
  readSocketAddress,
  socketText,
  STATUS_SOCKET,
} from "../../../service_options.ts";
import { quoted } from "../../../text/printable.ts";
import type { SetupOptions } from "./options.ts";

/** The directory in which the service may make sockets. */
const OWN_SOCKETS = STATUS_SOCKET.slice(0, STATUS_SOCKET.lastIndexOf("/"));

/**
 * Refuses options that do not fit together.
 *
 * @throws Failure `usage`
 */
export function requireFitting(options: SetupOptions): void {
  if (options.json && !options.yes && !options.dryRun) {
    throw new Failure("usage", "--json cannot ask for confirmation: add --yes or --dry-run");
  }
  if (options.serve && options.hook) {
    throw new Failure("usage", "--serve and --hook are opposites: give one of them");
  }
  const only = options.serverName !== undefined
    ? "--server-name"
    : options.managementProxy !== undefined
    ? "--management-proxy"
    : null;
  if (only !== null && !options.serve) throw new Failure("usage", `${only} needs --serve`);
}

/**
 * The server that the service is to have.
 *
 * @param named the configuration's path as it was given
 * @param present the socket that the configuration names already; null if none
 * @throws Failure `usage`
 */
export function serverOf(
  { serverName, managementProxy }: SetupOptions,
  named: string,
  present: string | null,
): ServedServer {
  const proxy = managementProxy === undefined ? null : readProxy(managementProxy);
  if (serverName === undefined && present !== null) return { socket: present, proxy };
  const name = serverName ?? basename(named).replace(/\.(conf|ovpn)$/, "");
  const socket = socketPath(name);
  const isName = /^[A-Za-z0-9][\w.-]{0,63}$/.test(name) && socket !== PAM_SOCKET;
  if (isName && isSocketPath(socket)) return { socket, proxy };
  throw new Failure(
    "usage",
    `the server's name is ${quoted(name)}, expected 1 to 64 letters, digits, \`_\`, \`-\` and ` +
      "`.`, beginning with a letter or a digit, and not `pam`: name it with --server-name",
  );
}

function readProxy(text: string): string {
  const address = readSocketAddress("--management-proxy", text);
  if (address.transport === "unix") {
    requirePlainPath(address.path, "the path of --management-proxy", "choose another one");
    if (resolve(address.path) !== address.path || !address.path.startsWith(`${OWN_SOCKETS}/`)) {
      throw new Failure(
        "usage",
        `--management-proxy is ${
          quoted(text)
        }, where the service may not make a socket: choose a ` +
          `path in ${OWN_SOCKETS}, or 127.0.0.1:PORT`,
      );
    }
  }
  return socketText(address);
}
