/** Where OpenVPN's program may be; the first one found is used. */
const PLACES = [
  "/usr/sbin/openvpn",
  "/usr/local/sbin/openvpn",
  "/usr/local/bin/openvpn",
  "/usr/bin/openvpn",
  "/sbin/openvpn",
  "/opt/openvpn/sbin/openvpn",
];

/** The largest program that is read, in bytes; OpenVPN's has about one mebibyte. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Finds OpenVPN's program and reads its version from the title that `openvpn --version` prints. The
 * program is not run, because this one has no permission to run others.
 *
 * @param given the program's path; otherwise it is looked for
 * @param started the program that the server's unit starts; null if no unit is known
 * @returns its path without links, by which the kernel's security modules know it; null if it is not
 *   there, or has no title
 */
export function findOpenvpn(
  given: string | undefined,
  started: string | null,
): { path: string; version: string } | null {
  // systemd looks for a name without a path in directories that are among the places.
  const places = started?.startsWith("/") ? [started, ...PLACES] : PLACES;
  for (const place of given === undefined ? places : [given]) {
    try {
      const path = Deno.realPathSync(place);
      const { isFile, size } = Deno.statSync(path);
      if (!isFile || size > MAX_BYTES) continue;
      const version = versionIn(Deno.readFileSync(path));
      if (version !== null) return { path, version };
    } catch {
      // Not there, or not readable: the next place may be right.
    }
  }
  return null;
}

/** The version in a program's bytes: `OpenVPN 2.6.14 x86_64-…`; null without one. */
export function versionIn(program: Uint8Array): string | null {
  // One character per byte: decoding a program as UTF-8 would take long.
  const text = new TextDecoder("latin1").decode(program);
  return text.match(
    /\0OpenVPN (\d+\.\d+(?:\.\d+)?)[\w~.+-]* (?:\[git:[^\]]*\] )?[\w-]+ \[/,
  )?.[1] ?? null;
}
