import { BusMachine } from "./bus_machine.ts";
import { writeProfile } from "./client_profile.ts";
import type { OpenvpnServer } from "./openvpn_server.ts";
import type { Terminal } from "./terminal.ts";

/** Whoever may use the machine may use its network, and it leaves name servers alone. */
const SETTINGS = `[main]
auth-polkit=false
dns=none
rc-manager=unmanaged
`;

/** A user's machine with NetworkManager, which knows the network cable and the VPN. */
export class NetworkManager implements AsyncDisposable {
  readonly #machine: BusMachine;

  private constructor(machine: BusMachine) {
    this.#machine = machine;
  }

  /**
   * Starts NetworkManager, and gives it a connection by the client's configuration.
   *
   * @param username who logs in
   */
  static async start(server: OpenvpnServer, username: string): Promise<NetworkManager> {
    const { directory, network: { client, server: { address } } } = server;
    const profile = await writeProfile(server, "vpn");
    const config = `${directory}/NetworkManager.conf`;
    await Deno.writeTextFile(config, SETTINGS);
    await using stack = new AsyncDisposableStack();
    const machine = stack.use(await BusMachine.start(client.namespace));
    machine.start("NetworkManager", "--debug", "--config", config, "--config-dir", `${config}.d`);
    await machine.mustRun("nm-online", "--wait-for-startup", "--timeout", "60");
    // The certificates of a profile that is read go below the user's home.
    const nmcli = (...args: string[]) =>
      machine.mustRun("env", `HOME=${directory}`, "nmcli", "connection", ...args);
    await nmcli(
      ...["add", "save", "no", "type", "ethernet", "ifname", "cable", "con-name", "lan"],
      ...["ipv4.method", "manual", "ipv4.addresses", `${client.address}/24`],
      ...["ipv4.gateway", address, "ipv6.method", "disabled"],
    );
    await nmcli("up", "lan");
    await nmcli("import", "--temporary", "type", "openvpn", "file", profile);
    await nmcli("modify", "--temporary", "vpn", "+vpn.data", `username=${username}`);
    stack.move();
    return new NetworkManager(machine);
  }

  /** Begins a login, which asks its user. */
  connect(): Terminal {
    return this.#machine.terminal("nmcli", "--ask", "connection", "up", "vpn");
  }

  /** The state of the VPN's connection, such as `activated`; empty for none. */
  async state(): Promise<string> {
    const fields = ["--fields", "GENERAL.STATE", "--terse"];
    const { stdout } = await this.#machine.run("nmcli", ...fields, "connection", "show", "vpn");
    return stdout.trim().replace("GENERAL.STATE:", "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine[Symbol.asyncDispose]();
  }
}
