/** The program's name, on the command line, in its messages and in logs. */
export const PROGRAM = "openvpn-totp";
