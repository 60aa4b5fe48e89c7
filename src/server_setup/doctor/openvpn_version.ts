/** Where OpenVPN's program lies, the first wins. */
const PLACES = [
  "/usr/sbin/openvpn",
  "/usr/local/sbin/openvpn",
  "/usr/local/bin/openvpn",
  "/usr/bin/openvpn",
  "/sbin/openvpn",
  "/opt/openvpn/sbin/openvpn",
];

/** More than OpenVPN's program has, in bytes; it has about one mebibyte. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Finds OpenVPN's program and reads its version out of it: the title that `openvpn --version` prints.
 * It isn't run, as this program may run none.
 *
 * @param given the program's path, if it isn't in a usual place
 * @returns null when it isn't there, or has no title
 */
export function findOpenvpn(
  given: string | undefined,
): { path: string; version: string } | null {
  for (const path of given === undefined ? PLACES : [given]) {
    try {
      const { isFile, size } = Deno.statSync(path);
      if (!isFile || size > MAX_BYTES) continue;
      const version = versionIn(Deno.readFileSync(path));
      if (version !== null) return { path, version };
    } catch {
      // The next place.
    }
  }
  return null;
}

/** The version in a program's bytes: `OpenVPN 2.6.14 x86_64-…`; null without one. */
export function versionIn(program: Uint8Array): string | null {
  // Byte by byte: UTF-8 would take long over what is no text.
  const text = new TextDecoder("latin1").decode(program);
  return text.match(
    /\0OpenVPN (\d+\.\d+(?:\.\d+)?)[\w~.+-]* (?:\[git:[^\]]*\] )?[\w-]+ \[/,
  )?.[1] ?? null;
}
