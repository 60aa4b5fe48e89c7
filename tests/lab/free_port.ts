/** Ports that systems give to no connection by themselves, so that one stays free for a while. */
const FIRST = 20_000, COUNT = 12_000;

/** Finds a TCP port that nobody listens on, on the loopback addresses. */
export function freePort(): number {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + crypto.getRandomValues(new Uint16Array(1))[0]! % COUNT;
    if (isFree("127.0.0.1", port) && (isFree("::1", port))) return port;
  }
  throw new Error("no port is free");
}

function isFree(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    // A machine without the address has nobody there either.
    return !(error instanceof Deno.errors.AddrInUse);
  }
}
