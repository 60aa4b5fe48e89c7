/** Says whether a version such as `2.6.14` is older than another; a part that is missing is 0. */
export function isOlder(version: string, than: string): boolean {
  const parts = version.split(".").map(Number);
  const others = than.split(".").map(Number);
  for (const [i, other] of others.entries()) {
    const part = parts[i] ?? 0;
    if (part !== other) return part < other;
  }
  return false;
}
