import { isFile } from "../../system/present_files.ts";
import type { LineFacts } from "./set_up.ts";

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
 * @returns its path without links, by which the kernel's security modules know it, or why its
 *   version is not known
 */
export function findOpenvpn(
  given: string | undefined,
  started: string | null,
): Pick<LineFacts, "openvpn" | "openvpnTrouble"> {
  // systemd looks for a name without a path in directories that are among the places.
  const named = given ?? (started?.startsWith("/") ? started : null);
  for (const place of named === null ? PLACES : [named]) {
    const openvpn = openvpnAt(place);
    if (openvpn !== null) return { openvpn, openvpnTrouble: null };
  }
  if (named === null) return { openvpn: null, openvpnTrouble: "its program was not found" };
  const whose = given === undefined ? ", which the unit starts," : "";
  const trouble = isFile(named) ? "is not OpenVPN's own program" : "is not a file";
  return { openvpn: null, openvpnTrouble: `${named}${whose} ${trouble}` };
}

/** Null if it is not there, cannot be read, or has no title. */
function openvpnAt(place: string): LineFacts["openvpn"] {
  try {
    const path = Deno.realPathSync(place);
    const { isFile, size } = Deno.statSync(path);
    if (!isFile || size > MAX_BYTES) return null;
    const version = versionIn(Deno.readFileSync(path));
    return version === null ? null : { path, version };
  } catch {
    return null;
  }
}

/** With bounds, because a file that is no program of OpenVPN's could make the search very long. */
const TITLE =
  /\0OpenVPN (\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)[\w~.+-]{0,64} (?:\[git:[^\]]{0,256}\] )?[\w-]{1,128} \[/;

/** The version in a program's bytes: `OpenVPN 2.6.14 x86_64-…`; null without one. */
export function versionIn(program: Uint8Array): string | null {
  // One character per byte: decoding a program as UTF-8 would take long.
  const text = new TextDecoder("latin1").decode(program);
  return text.match(TITLE)?.[1] ?? null;
}
