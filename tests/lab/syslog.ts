/** Puts a socket in the place of /dev/log, only for the command in its arguments. */
const WITH_LOG_SOCKET = `
  dev=$0/dev socket=$0/log; mkdir -p "$dev"; mount -t tmpfs none "$dev"
  for name in null zero random urandom; do
    : >"$dev/$name"; mount --bind "/dev/$name" "$dev/$name"
  done
  if [ -e "$socket" ]; then : >"$dev/log"; mount --bind "$socket" "$dev/log"; fi
  mount --rbind "$dev" /dev
  exec "$@"`;

/** A syslog daemon's socket. */
export interface Syslog extends Disposable {
  /** Runs the command in its arguments with this syslog; see `PlayedAttempt.wrap`. */
  wrap: string[];
  /** The next line that contains a text; PAM's modules also write to this socket. */
  nextLine(withText: string): Promise<string>;
}

/** Listens in the place of a syslog daemon, in the test's own directory. */
export function listenForSyslog(directory: string): Syslog {
  const server = Deno.listenDatagram({
    transport: "unixpacket",
    path: `${directory}/log`,
  });
  return {
    wrap: withSyslogOf(directory),
    async nextLine(withText) {
      while (true) {
        const [bytes] = await server.receive();
        const line = new TextDecoder().decode(bytes);
        if (line.includes(withText)) return line;
      }
    },
    [Symbol.dispose]: () => server.close(),
  };
}

/**
 * Runs a command with the syslog that listens in a directory; if nothing listens there, the command
 * has no syslog.
 */
export function withSyslogOf(directory: string): string[] {
  return ["unshare", "--mount", "sh", "-c", WITH_LOG_SOCKET, directory];
}
