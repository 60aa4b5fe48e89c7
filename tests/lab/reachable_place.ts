const OTHERS_MAY_ENTER = 0o001;

/**
 * Returns a directory for temporary files that every user can reach. It is the usual one, unless
 * only its owner may enter it or one above it, as with `TMPDIR` below /root.
 */
export function reachablePlace(): string {
  const usual = Deno.env.get("TMPDIR") ?? "/tmp";
  return [usual, "/tmp", "/var/tmp"].find(isReachable) ?? usual;
}

function isReachable(directory: string): boolean {
  try {
    const path = Deno.realPathSync(directory);
    const parts = path.split("/");
    return parts.every((_, i) => {
      const { mode } = Deno.statSync(parts.slice(0, i + 1).join("/") || "/");
      return ((mode ?? 0) & OTHERS_MAY_ENTER) !== 0;
    });
  } catch {
    return false;
  }
}
