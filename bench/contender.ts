import { fileURLToPath } from "node:url";
import { OpenvpnServer } from "../tests/lab/openvpn_server.ts";
import type { Rig } from "./rig.ts";
import { startService } from "./service_process.ts";

const SCRIPT = fileURLToPath(new URL("login.py", import.meta.url));

/** OpenVPN's own plugin for PAM, where Debian has it. */
export const PLUGIN = "/usr/lib/x86_64-linux-gnu/openvpn/plugins/openvpn-plugin-auth-pam.so";

/** A way of checking logins. */
export interface Contender {
  name: string;
  /** How the code comes: in a step of its own, with the password, or not at all. */
  code: "step" | "static" | "none";
  /** Whether OpenVPN runs a script. */
  isScript: boolean;
  /** Lines of the server's configuration. */
  lines(rig: Rig, directory: string): string[];
  /** Starts what runs beside OpenVPN. */
  accompany?(rig: Rig, directory: string): Promise<AsyncDisposable>;
}

/** Where a server's management socket is, in its directory. */
export function managementIn(directory: string): string {
  return `${directory}/management.sock`;
}

/** Nothing but the certificate: what the connection itself costs. */
export const CERTIFICATE: Contender = {
  name: "certificate alone",
  code: "none",
  isScript: false,
  lines: () => [],
};

/** The program as a script of OpenVPN. */
export const HOOK: Contender = {
  name: "openvpn-totp, hook",
  code: "step",
  isScript: true,
  lines: ({ settings }) => setenvLines(settings),
};

/** The program as a service on the management interface. */
export const SERVICE: Contender = {
  name: "openvpn-totp, service",
  code: "step",
  isScript: false,
  lines: (_, directory) => [
    `management ${managementIn(directory)} unix`,
    "management-client-auth",
  ],
  accompany: (rig, directory) => startService(rig, directory, managementIn(directory)),
};

/** The plain Python script. */
export const PYTHON: Contender = {
  name: "Python script",
  code: "step",
  isScript: true,
  lines: ({ pythonDb, passwordService }) => [
    `auth-user-pass-verify ${SCRIPT} via-file`,
    `client-crresponse ${SCRIPT}`,
    ...setenvLines({ totpTokenDbPath: pythonDb, totpPamService: passwordService }),
  ],
};

/** OpenVPN's plugin with Debian's module for codes; OpenVPN waits for it. */
export const PLUGIN_WAITING: Contender = {
  name: "auth-pam plugin",
  code: "static",
  isScript: false,
  lines: ({ bothService }) => [
    `plugin ${PLUGIN} "${bothService} login USERNAME Password PASSWORD Verification OTP"`,
  ],
};

/** The same, but OpenVPN goes on meanwhile. */
export const PLUGIN_DEFERRED: Contender = {
  ...PLUGIN_WAITING,
  name: "auth-pam plugin, deferred",
  lines: (rig, directory) => [
    ...PLUGIN_WAITING.lines(rig, directory),
    "setenv deferred_auth_pam 1",
  ],
};

/** Everything measured through a real OpenVPN, in the order of the tables. */
export const CONTENDERS: readonly Contender[] = [
  CERTIFICATE,
  SERVICE,
  HOOK,
  PYTHON,
  PLUGIN_WAITING,
  PLUGIN_DEFERRED,
];

/** A server with a contender, ready for clients. */
export interface ContendersServer extends AsyncDisposable {
  server: OpenvpnServer;
}

/** Starts an OpenVPN server that checks logins as a contender does. */
export async function startServer(contender: Contender, rig: Rig): Promise<ContendersServer> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(
    await OpenvpnServer.start(
      // The kernel's data channel would pass on packets whatever OpenVPN waits for.
      ["disable-dco"],
      (directory) => Promise.resolve(contender.lines(rig, directory)),
      (config) => contender.isScript ? Promise.resolve() : withoutScripts(config),
    ),
  );
  if (contender.accompany !== undefined) {
    stack.use(await contender.accompany(rig, server.directory));
    await server.log.waitFor(/MANAGEMENT: Client connected/);
  }
  const rest = stack.move();
  return { server, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

async function withoutScripts(config: string): Promise<void> {
  const lines = (await Deno.readTextFile(config)).split("\n");
  const kept = lines.filter((line) => !/^(auth-user-pass-verify|client-crresponse) /.test(line));
  await Deno.writeTextFile(config, kept.join("\n"));
}

function setenvLines(settings: Record<string, string>): string[] {
  return Object.entries(settings).map(([name, value]) => `setenv ${name} ${value}`);
}
