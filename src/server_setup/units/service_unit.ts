import { STATUS_SOCKET } from "../../service_options.ts";
import { commandOf, readUnitFile } from "../systemd/unit_file.ts";
import { PAM_SOCKET_UNIT, SERVICE_UNIT, SERVICE_USER } from "./names.ts";

/** An OpenVPN server that the service decides about logins of. */
export interface ServedServer {
  /** The path of its management socket. */
  socket: string;
  /** Where the administrator's own management clients connect; null for nowhere. */
  proxy: string | null;
}

/** What the service's unit depends on; no word in it needs quoting. */
export interface ServiceUnitOptions {
  /** The program's path. */
  program: string;
  /** At least one. */
  servers: readonly ServedServer[];
  /** Directories that the service writes to, besides /var/lib/openvpn-totp. */
  writable: readonly string[];
  /** Whether the database is on another machine; default: false. */
  reachesNetwork?: boolean;
}

/** The text of `openvpn-totp.service`. */
export function serviceUnit(options: ServiceUnitOptions): string {
  return `# Put changes into a drop-in, which setup leaves alone: systemctl edit ${SERVICE_UNIT}
[Unit]
Description=Two-factor logins of OpenVPN
Documentation=man:openvpn-totp(8)
Wants=${PAM_SOCKET_UNIT}${network(options)}
After=${PAM_SOCKET_UNIT}${network(options)}
# Without the service nobody can log in, so systemd never gives up.
StartLimitIntervalSec=0

[Service]
Type=notify
User=${SERVICE_USER}
Group=${SERVICE_USER}
ExecStart=${command(options)}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
WatchdogSec=30
# The service itself ends within 15 seconds, whatever logins are under way.
TimeoutStopSec=30
LimitNOFILE=65536
StateDirectory=openvpn-totp
StateDirectoryMode=0700
RuntimeDirectory=openvpn-totp-serve
RuntimeDirectoryMode=0755
UMask=0077
${writableLines(options)}${hardening(options)}`;
}

function network({ reachesNetwork = false }: ServiceUnitOptions): string {
  return reachesNetwork ? " network-online.target" : "";
}

function hardening({ reachesNetwork = false }: ServiceUnitOptions): string {
  return `
# The service needs its database, three kinds of sockets, and nothing else of the machine.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProcSubset=pid
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
${
    reachesNetwork
      ? ELSEWHERE
      : "IPAddressDeny=any\nIPAddressAllow=localhost\n"
  }SystemCallArchitectures=native
# The runtime asks for a memory key when it starts.
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** Which addresses a name has may change. */
const ELSEWHERE =
  "# The database's server is elsewhere: you may name it (IPAddressDeny=any, IPAddressAllow=...).\n";

/** Proxies belong to the first sockets, so that servers with one come first. */
function command({ program, servers }: ServiceUnitOptions): string {
  const sorted = [
    ...servers.filter(({ proxy }) => proxy !== null),
    ...servers.filter(({ proxy }) => proxy === null),
  ];
  return [
    `${program} serve`,
    ...sorted.map(({ socket }) => `--management ${socket}`),
    ...sorted.flatMap(({ proxy }) => proxy === null ? [] : [`--management-proxy ${proxy}`]),
    `--status ${STATUS_SOCKET}`,
  ].join(" \\\n  ");
}

function writableLines({ writable }: ServiceUnitOptions): string {
  return writable.map((path) => `ReadWritePaths=${path}\n`).join("");
}

/** The servers in the command of such a unit's text. */
export function serversIn(text: string): ServedServer[] {
  return serversOf(readUnitFile(text, SERVICE_UNIT));
}

/** The servers in a unit's assignments, with those of its drop-ins. */
export function serversOf(assignments: ReturnType<typeof readUnitFile>): ServedServer[] {
  const words = commandOf({ name: SERVICE_UNIT, assignments })?.words ?? [];
  const proxies = valuesOf(words, "--management-proxy");
  return valuesOf(words, "--management")
    .map((socket, i) => ({ socket, proxy: proxies[i] ?? null }));
}

/** Where the service of a unit's assignments tells its status; null if it does not. */
export function statusOf(assignments: ReturnType<typeof readUnitFile>): string | null {
  const words = commandOf({ name: SERVICE_UNIT, assignments })?.words ?? [];
  return valuesOf(words, "--status").at(-1) ?? null;
}

function valuesOf(words: readonly string[], option: string): string[] {
  return words.flatMap((word, i) => {
    if (word === option) return words[i + 1] ?? [];
    return word.startsWith(`${option}=`) ? word.slice(option.length + 1) : [];
  });
}
