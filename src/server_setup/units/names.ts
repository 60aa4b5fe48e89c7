/** The user and the group that the service runs as. */
export const SERVICE_USER = "openvpn-totp";

/** The service's unit. */
export const SERVICE_UNIT = "openvpn-totp.service";

/** The unit of the socket where systemd starts a PAM helper for each connection. */
export const PAM_SOCKET_UNIT = "openvpn-totp-pam.socket";

/** The template of the PAM helpers' units. */
export const PAM_HELPER_UNIT = "openvpn-totp-pam@.service";

/** Where OpenVPN makes its management sockets; only root and the service's group may enter. */
export const SOCKET_DIRECTORY = "/run/openvpn-totp";

/** The directory of the database, which the service's unit makes writable. */
export const STATE_DIRECTORY = "/var/lib/openvpn-totp";
