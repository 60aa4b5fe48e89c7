import { mustRun, run } from "./command.ts";

/** Two hosts on one machine, joined by a cable: network namespaces and a veth pair. */
export interface Network extends AsyncDisposable {
  server: { namespace: string; address: string };
  client: { namespace: string; address: string };
}

/** What the names of all network namespaces made here begin with. */
export const NAMESPACE_PREFIX = "ovtotp-t";

/** Makes the two hosts. */
export async function makeNetwork(): Promise<Network> {
  const name = `${NAMESPACE_PREFIX}${crypto.randomUUID().slice(0, 8)}`;
  const network: Network = {
    server: { namespace: `${name}s`, address: "10.91.0.1" },
    client: { namespace: `${name}c`, address: "10.91.0.2" },
    async [Symbol.asyncDispose]() {
      for (const { namespace } of [network.server, network.client]) {
        await run("ip", ["netns", "delete", namespace]);
      }
    },
  };
  try {
    const { server, client } = network;
    await mustRun("ip", ["netns", "add", server.namespace]);
    await mustRun("ip", ["netns", "add", client.namespace]);
    await mustRun("ip", [
      ...["link", "add", "cable", "netns", server.namespace, "type", "veth"],
      ...["peer", "name", "cable", "netns", client.namespace],
    ]);
    for (const { namespace, address } of [server, client]) {
      const ip = (...args: string[]) => mustRun("ip", ["-netns", namespace, ...args]);
      await ip("address", "add", `${address}/24`, "dev", "cable");
      await ip("link", "set", "cable", "up");
      await ip("link", "set", "lo", "up");
    }
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
  return network;
}

/** Removes the network namespaces that an interrupted run left. */
export async function removeLeftoverNetworks(): Promise<void> {
  const { stdout } = await run("ip", ["netns", "list"]);
  for (const line of stdout.split("\n")) {
    const name = line.split(" ")[0] ?? "";
    if (name.startsWith(NAMESPACE_PREFIX)) {
      await run("ip", ["netns", "delete", name]);
    }
  }
}
