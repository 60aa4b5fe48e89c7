import { mustRun, run } from "./command.ts";
import { newName } from "./owner.ts";

/** Two hosts on one machine, connected by a cable: network namespaces and a veth pair. */
export interface Network extends AsyncDisposable {
  server: { namespace: string; address: string };
  client: { namespace: string; address: string };
}

/** Makes the two hosts. */
export async function makeNetwork(): Promise<Network> {
  const name = newName();
  const network: Network = {
    server: { namespace: `${name}s`, address: "10.91.0.1" },
    client: { namespace: `${name}c`, address: "10.91.0.2" },
    async [Symbol.asyncDispose]() {
      for (const { namespace } of [network.server, network.client]) {
        await deleteNamespace(namespace);
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

/** Removes a network namespace if it exists, and ends the processes in it. */
export async function deleteNamespace(namespace: string): Promise<void> {
  const { stdout } = await run("ip", ["netns", "pids", namespace]);
  const pids = stdout.split("\n").filter((pid) => pid !== "");
  if (pids.length > 0) await run("kill", ["-KILL", ...pids]);
  await run("ip", ["netns", "delete", namespace]);
}
