import { dirname, resolve } from "node:path/posix";
import { Failure } from "../../core/failure.ts";
import { PAM_SOCKET, readSocketAddress, STATUS_SOCKET } from "../../service_options.ts";
import { parseSettingsFile } from "../../settings_file.ts";
import { findAccount } from "../../system/accounts.ts";
import { lstat } from "../../system/trusted_path.ts";
import { messageOf } from "../../text/message_of.ts";
import { quoted } from "../../text/printable.ts";
import { type Config, lastNamed } from "../openvpn_config/directive.ts";
import type { ReadFile } from "../openvpn_config/read_config.ts";
import { readUnit } from "../systemd/read_unit.ts";
import { commandOf, lastOf, type Unit } from "../systemd/unit_file.ts";
import { PAM_HELPER_UNIT, SERVICE_UNIT, SERVICE_USER } from "../units/names.ts";
import { serversOf, statusOf } from "../units/service_unit.ts";
import { originOf } from "../units/written_file.ts";
import { directoryAt, scriptAt, troubleAbove } from "./file_facts.ts";
import type {
  FileFacts,
  RunUser,
  ServiceFacts,
  ServiceSettingsFacts,
  SocketFacts,
} from "./set_up.ts";
import { badSettings } from "./settings_in_config.ts";

/** Reads the service's settings, as the service does when it starts. */
export function readServiceSettings(path: string, readFile: ReadFile): ServiceSettingsFacts {
  let text: string;
  try {
    text = new TextDecoder().decode(readFile(path));
  } catch (error) {
    const isThere = infoAt(path) !== null;
    return { path, values: new Map(), error: isThere ? messageOf(error) : null };
  }
  try {
    const values = parseSettingsFile(text, path);
    const [bad] = badSettings(values);
    const error = bad === undefined
      ? null
      : `${bad.name} is ${quoted(values.get(bad.name)!)} in ${path}, expected ${bad.allowed}`;
    return { path, values, error };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { path, values: new Map(), error: error.message };
  }
}

/** Looks at what of the service is there. Starts nothing; only connects to its status socket. */
export async function gatherService(config: Config, settingsPath: string): Promise<ServiceFacts> {
  const [address = "", kind] = lastNamed(config, "management")?.words ?? [];
  const unit = readUnit(SERVICE_UNIT);
  return {
    user: runUser(unit),
    management: kind === "unix" ? socketAt(resolve(config.directory, address)) : null,
    pam: socketAt(PAM_SOCKET),
    settingsFile: infoAt(settingsPath),
    unit: unit === null ? null : unitFacts(unit),
    programs: programsOf([unit, readUnit(PAM_HELPER_UNIT)]),
    status: await statusFacts(unit === null ? STATUS_SOCKET : statusOf([...unit.assignments])),
  };
}

/** Null for a service that tells nobody. */
async function statusFacts(address: string | null): Promise<ServiceFacts["status"]> {
  return address === null ? null : { address, answers: await answers(address) };
}

function runUser(unit: Unit | null): RunUser {
  const name = (unit === null ? null : lastOf(unit, "User")?.value) ?? SERVICE_USER;
  const account = findAccount(name);
  return { name, uid: account?.uid ?? null, gid: account?.gid ?? null };
}

function programsOf(units: readonly (Unit | null)[]): ServiceFacts["programs"] {
  const commands = units.map((unit) => unit === null ? null : commandOf(unit));
  const paths = commands.flatMap((command) => command?.words[0] ?? []);
  return new Map(paths.map((path) => [path, scriptAt(path)]));
}

function unitFacts(unit: Unit): ServiceFacts["unit"] {
  const sockets = serversOf([...unit.assignments]).map(({ socket }) => socket);
  const files = new Set(unit.assignments.map(({ file }) => file));
  const isAsWritten = [...files].every((file) => originOf(textOf(file)) === "as_written");
  return { unit, sockets, isAsWritten };
}

function textOf(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}

function socketAt(path: string): SocketFacts {
  const directory = dirname(path);
  return {
    path,
    file: infoAt(path),
    directory: directoryAt(directory),
    trouble: troubleAbove(directory, 0),
  };
}

/** Whose a file is; null if there is none, or if it is out of reach. */
function infoAt(path: string): FileFacts {
  try {
    const info = lstat(path);
    if (info === null) return null;
    const { uid, gid, mode, isSocket } = info;
    return { uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? 0, isSocket: isSocket ?? false };
  } catch {
    return null;
  }
}

async function answers(text: string): Promise<boolean> {
  try {
    const address = readSocketAddress("--status", text);
    using _connection = address.transport === "unix"
      ? await Deno.connect(address)
      : await Deno.connect(address);
    return true;
  } catch {
    return false;
  }
}
