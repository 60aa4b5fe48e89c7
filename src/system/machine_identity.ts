/**
 * Tells this machine, or container, from the others of a fleet: by the system's id, the host's name,
 * and the namespace of process ids, as copies of one image may share the first two. It stays the same
 * when a program is started again.
 */
export function machineIdentity(): string {
  const parts = [
    () => Deno.readTextFileSync("/etc/machine-id").trim(),
    () => Deno.hostname(),
    () => Deno.readLinkSync("/proc/self/ns/pid"),
  ];
  return parts.map((part) => {
    try {
      return part();
    } catch {
      return "-";
    }
  }).join(" ");
}
