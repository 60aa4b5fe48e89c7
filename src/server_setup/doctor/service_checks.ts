import { lastNamed } from "../openvpn_config/directive.ts";
import { commandOf } from "../systemd/unit_file.ts";
import { PAM_SOCKET_UNIT, SERVICE_UNIT, SERVICE_USER } from "../units/names.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { ProblemId } from "./finding_ids.ts";
import type {
  Directory,
  FileFacts,
  RunUser,
  Script,
  ServiceFacts,
  SetUp,
  SocketFacts,
} from "./set_up.ts";
import { setupCommand } from "./setup_command.ts";
import { checkProgram } from "./hook_checks.ts";
import { checkMemory } from "./unit_checks.ts";
import { checkUnitNetwork } from "./unit_network.ts";
import { checkUnitPaths } from "./unit_paths.ts";

const OTHERS_WRITE = 0o002;
const OTHERS_ENTER = 0o001;

/** What the service decides with, where it decides about logins. */
export function checkService(setUp: SetUp): Finding[] {
  const { service, settings, serviceSettings } = setUp;
  if (service === null || serviceSettings === null) return [];
  const { user, management, status } = service;
  return [
    checkUser(user),
    ...management === null ? [] : [checkManagementSocket(setUp, management, user)],
    ...settings.primaryAuth === "pam" ? [checkPamSocket(service.pam, user)] : [],
    checkSettingsFile(serviceSettings.path, service.settingsFile, user),
    ...checkUnit(setUp, service),
    ...[...service.programs].map(([path, program]) => checkUnitsProgram(path, program)),
    checkStatus(status),
  ];
}

function checkUnitsProgram(path: string, program: Script): Finding {
  return program.real === null
    ? problem("program_file", `there is no program ${path}`, "systemd cannot run it", {
      command: "openvpn-totp setup --serve",
    })
    : checkProgram(path, program, "systemd");
}

function checkStatus(status: ServiceFacts["status"]): Finding {
  const id = "service_running";
  if (status === null) return ok(id, "the unit has no --status, so it is not known");
  if (status.answers) return ok(id, `the service answers at ${status.address}`);
  const what = `nobody answers at ${status.address}: the service does not run`;
  return warning(id, what, "until it runs, nobody can log in", {
    command: `systemctl status ${SERVICE_UNIT}`,
  });
}

function checkUser({ name, uid }: RunUser): Finding {
  if (uid !== null) return ok("service_user", `the service runs as ${name}`);
  const what = `the system has no user "${name}"`;
  return problem("service_user", what, "the service does not start", {
    command: "systemd-sysusers openvpn-totp.conf",
  });
}

/** OpenVPN makes the socket for everybody, so its directory or OpenVPN itself must choose. */
function checkManagementSocket(
  { config }: SetUp,
  { path, file, directory, trouble }: SocketFacts,
  user: RunUser,
): Finding {
  const id = "management_socket";
  const at = lastNamed(config, "management");
  const place = directoryTrouble(id, path, directory, trouble);
  if (place !== null) return place;
  const client = lastNamed(config, "management-client-user")?.words[0] ?? null;
  const isGroupSet = lastNamed(config, "management-client-group") !== null;
  if (client !== null && client !== user.name) {
    const what = `management-client-user is ${client}, and the service runs as ${user.name}`;
    const line = `management-client-user ${user.name}`;
    return problem(id, what, "OpenVPN refuses the service, and every login fails", { line, at });
  }
  if (client === null && !isGroupSet && canOthersEnter(directory!, user)) {
    return problem(
      id,
      `neither management-client-user nor -group is set, and others can reach ${path}`,
      "any user of this machine can connect and let anybody in",
      { line: `management-client-user ${user.name}`, at },
    );
  }
  if (!canEnter(directory!, user)) return unreachable(id, path, user);
  if (file === null) return ok(id, `${path} is not there: OpenVPN does not run`);
  if (!file.isSocket) {
    const why = "OpenVPN does not start: remove it, or choose another path";
    return problem(id, `${path} is not a socket`, why, { at });
  }
  return ok(id, `only the service can use ${path}`);
}

function checkPamSocket({ path, file, directory, trouble }: SocketFacts, user: RunUser): Finding {
  const id = "pam_socket";
  const place = directoryTrouble(id, path, directory, trouble);
  if (place !== null) return place;
  if (!canEnter(directory!, user)) return unreachable(id, path, user);
  const command = `systemctl restart ${PAM_SOCKET_UNIT}`;
  if (file === null || !file.isSocket) {
    return problem(id, `there is no socket ${path}`, "no password can be checked", {
      command: `systemctl enable --now ${PAM_SOCKET_UNIT}`,
    });
  }
  const { uid, gid, mode } = file;
  if (uid !== 0 || (mode & 0o007) !== 0) {
    const what = uid !== 0 ? `${path} belongs to uid ${uid}` : `others can use ${path}`;
    const why = "whoever uses it sees or tries passwords: root must have it, and only " +
      `${SERVICE_USER} its group`;
    return problem(id, what, why, { command });
  }
  // A user that does not exist has a finding of its own.
  if (user.gid !== null && gid !== user.gid || (mode & 0o060) !== 0o060) {
    const what =
      `${path} does not belong to the group of ${user.name}, or not for reading and writing`;
    return problem(id, what, "the service cannot have passwords checked", { command });
  }
  return ok(id, `only the service can use ${path}`);
}

/** What is wrong with a socket's directory; null if nothing is. */
function directoryTrouble(
  id: ProblemId,
  path: string,
  info: Directory | null,
  trouble: string | null,
): Finding | null {
  const command = "systemd-tmpfiles --create openvpn-totp.conf";
  if (info === null) {
    const what = `there is no directory for ${path}`;
    return problem(id, what, "the socket cannot be made", { command });
  }
  const why = "they can put a socket of their own there, and decide about logins";
  if (info.uid !== 0) {
    return problem(id, `the directory of ${path} belongs to uid ${info.uid}`, why, { command });
  }
  const isOpen = (info.mode & OTHERS_WRITE) !== 0 || (info.mode & 0o020) !== 0 && info.gid !== 0;
  if (isOpen) return problem(id, `others can write to the directory of ${path}`, why, { command });
  return trouble === null ? null : problem(id, trouble, why);
}

function unreachable(id: ProblemId, path: string, { name }: RunUser): Finding {
  return problem(id, `${name} cannot enter the directory of ${path}`, "every login fails", {
    command: "systemd-tmpfiles --create openvpn-totp.conf",
  });
}

/** Says whether users other than root and the service's may enter a directory. */
function canOthersEnter({ gid, mode }: Directory, user: RunUser): boolean {
  const isGroups = gid !== 0 && gid !== user.gid;
  return (mode & OTHERS_ENTER) !== 0 || isGroups && (mode & 0o010) !== 0;
}

/** Says whether the service may enter a directory; an unknown user has a finding of its own. */
function canEnter({ uid, gid, mode }: Directory, user: RunUser): boolean {
  if (user.uid === null || user.uid === 0) return true;
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & 1) !== 0;
}

function checkSettingsFile(path: string, file: FileFacts, user: RunUser): Finding {
  const id = "service_settings";
  if (file === null) return ok(id, `there is no ${path}: the defaults hold`);
  const { uid, gid, mode } = file;
  if (uid !== 0 || (mode & 0o002) !== 0 || (mode & 0o020) !== 0 && gid !== 0) {
    const command = `chown root:root ${path} && chmod 644 ${path}`;
    const what = uid === 0 ? `others can write to ${path}` : `${path} belongs to uid ${uid}`;
    return problem(id, what, "whoever can change it can switch off what logins need", { command });
  }
  const isReadable = user.uid === 0 || (mode & 0o004) !== 0 ||
    gid === user.gid && (mode & 0o040) !== 0;
  if (isReadable) return ok(id, `nobody but root can write to ${path}`);
  const what = `${user.name} cannot read ${path}`;
  return problem(id, what, "the service does not start", { command: `chmod 644 ${path}` });
}

function checkUnit(setUp: SetUp, { unit: found, management }: ServiceFacts): Finding[] {
  const id = "service_unit";
  if (found === null) {
    return [warning(id, `there is no unit ${SERVICE_UNIT}`, "nothing may start the service", {
      command: setupCommand(setUp),
    })];
  }
  const { unit, sockets, isAsWritten } = found;
  if (management !== null && !sockets.includes(management.path)) {
    const what = `${SERVICE_UNIT} does not name ${management.path}`;
    const why = "the service does not know this server, and every login waits in vain";
    const command = commandOf(unit);
    // What setup writes into the unit counts for nothing where a drop-in has another command.
    if (command !== null && command.at.file.includes(".d/")) {
      const line = `ExecStart=${command.words.join(" ")} --management ${management.path}`;
      return [problem(id, what, why, { line, at: command.at })];
    }
    return [problem(id, what, why, { command: setupCommand(setUp) })];
  }
  const drift = isAsWritten ? "" : ", and has drop-ins or was changed after setup had written it";
  return [
    ok(id, `${SERVICE_UNIT} names this server's socket${drift}`),
    checkMemory(unit),
    checkUnitPaths(unit, { ...setUp, program: commandOf(unit)?.words[0] ?? setUp.program }),
    ...checkUnitNetwork(unit, setUp),
  ];
}
