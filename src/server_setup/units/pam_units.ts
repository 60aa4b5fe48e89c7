import { PAM_SOCKET } from "../../service_options.ts";
import { PAM_HELPER_UNIT, PAM_SOCKET_UNIT, SERVICE_USER } from "./names.ts";

/** The text of `openvpn-totp-pam.socket`. */
export function pamSocketUnit(): string {
  return `# Put changes into a drop-in, which setup leaves alone: systemctl edit ${PAM_SOCKET_UNIT}
[Unit]
Description=Password checks of openvpn-totp
Documentation=man:openvpn-totp(8)

[Socket]
ListenStream=${PAM_SOCKET}
Accept=yes
# Whoever can connect can have passwords checked by PAM as root.
SocketUser=root
SocketGroup=${SERVICE_USER}
SocketMode=0660
DirectoryMode=0750
# Twice as many as the service can be told to use (--helpers): those that are ending count, too.
MaxConnections=128
# Only the service connects, and waits by itself; without the socket, nobody could log in.
TriggerLimitIntervalSec=0
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
}

/**
 * The text of `openvpn-totp-pam@.service`. What PAM's modules need sets its bounds:
 *
 * - the capabilities are for reading and writing what belongs to others (shadow files that nobody
 *   may read, tally files of pam_faillock, which belong to the user), for acting as the user
 *   (pam_google_authenticator and others), and for the audit trail, without which libpam refuses;
 * - `/var` and `/run` stay writable, because a module that counts failures and cannot write counts
 *   nothing, without a word, and its directory is configurable;
 * - the network stays open, because directory servers and RADIUS are elsewhere, and netlink is how
 *   the audit trail is written.
 *
 * @param program the program's path, which needs no quoting
 */
export function pamHelperUnit(program: string): string {
  return `# Put changes into a drop-in, which setup leaves alone: systemctl edit ${PAM_HELPER_UNIT}
[Unit]
Description=Password check of openvpn-totp
Documentation=man:openvpn-totp(8)
CollectMode=inactive-or-failed

[Service]
ExecStart=${program} pam-helper
User=root
StandardInput=socket
StandardOutput=socket
StandardError=journal
TimeoutStopSec=20
TasksMax=64
LimitCORE=0
UMask=0077
${HARDENING}`;
}

const HARDENING = `
# PAM's modules bound this: some write below /var and /run, some ask a directory server, some act as
# the user. Each line can be relaxed in a drop-in if a module needs more.
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_SETGID CAP_SETUID
ProtectSystem=full
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
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
KeyringMode=private
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# The runtime asks for a memory key when it starts.
SystemCallFilter=@system-service @pkey
SystemCallErrorNumber=EPERM
`;
