import type { PostgresPlace } from "../../core/database_place.ts";
import { basename, dirname } from "node:path/posix";
import { SETTINGS_FILE } from "../../service_options.ts";
import type { Settings } from "../../settings.ts";
import { isOurDirectory, lstat } from "../../system/trusted_path.ts";
import { printable } from "../../text/printable.ts";
import { PAM_HELPER_UNIT, PAM_SOCKET_UNIT, SERVICE_UNIT, SERVICE_USER } from "../units/names.ts";
import { CONF_NAME } from "../units/service_files.ts";
import type { ServiceChanges } from "./service_plan.ts";

/** A command for the administrator, or a comment where no command fits. */
export type Step = string;

const OWNER = `${SERVICE_USER}:${SERVICE_USER}`;

/**
 * What to run after `setup --serve`, in this order.
 *
 * @param last for the server whose configuration it is: to restart it, and to check it
 */
export function stepsToService(
  { before, settings }: ServiceChanges,
  last: readonly Step[],
): Step[] {
  const isFirst = before.length === 0;
  return [
    ...isFirst
      ? [
        `systemd-sysusers ${CONF_NAME}`,
        `systemd-tmpfiles --create ${CONF_NAME}`,
        ...ownershipSteps(settings),
      ]
      : [],
    "systemctl daemon-reload",
    isFirst
      ? `systemctl enable --now ${PAM_SOCKET_UNIT} ${SERVICE_UNIT}`
      : `systemctl restart ${SERVICE_UNIT}`,
    ...last,
  ];
}

/**
 * What to run after `setup --hook` has taken a server from the service, in this order.
 *
 * @param last as for {@link stepsToService}
 */
export function stepsToHooks(
  { before, servers, settings }: ServiceChanges,
  last: readonly Step[],
): Step[] {
  if (servers.length > 0) {
    const reload = servers.length < before.length
      ? ["systemctl daemon-reload", `systemctl restart ${SERVICE_UNIT}`]
      : [];
    return [...reload, ...last];
  }
  const units = [SERVICE_UNIT, PAM_SOCKET_UNIT, PAM_HELPER_UNIT]
    .map((name) => `/etc/systemd/system/${name}`);
  return [
    `systemctl disable --now ${SERVICE_UNIT} ${PAM_SOCKET_UNIT}`,
    `rm ${units.join(" ")} ${SETTINGS_FILE}`,
    "systemctl daemon-reload",
    ...returnSteps(settings),
    ...last,
  ];
}

/**
 * Gives database, key file and log to the service. Database and key are made by it, or by root's
 * commands, later; a log is mostly in a directory where the service can make no file.
 */
function ownershipSteps({ database, keyFile, log }: Settings): Step[] {
  const directory = database.engine === "sqlite" ? dirname(database.path) : null;
  const isBesideDatabase = directory !== null && isWithin(log, directory);
  return [
    ...database.engine === "sqlite"
      ? [databaseStep(database.path, dirname(database.path))]
      : serverSteps(database),
    keyStep(keyFile),
    ...log.startsWith("/") && !isBesideDatabase ? [logStep(log)] : [],
  ];
}

/** Gives what a connection to a database's server is made with to the service. */
function serverSteps({ passFile, tls, user }: PostgresPlace): Step[] {
  const { client = null, rootCertificates = "system" } = tls ?? {};
  const readable = [rootCertificates, client?.certificate ?? "system"]
    .filter((path) => path !== "system");
  return [
    ...passFile === null ? [] : passFileSteps(passFile, user),
    ...client === null ? [] : [`chown -h ${OWNER} ${client.key}`],
    ...[...new Set(readable)].filter((path) => !isForAll(path))
      .map((path) => `# let ${SERVICE_USER} read ${path} (group, or mode 0644)`),
  ];
}

function passFileSteps(path: string, user: string): Step[] {
  return lstat(path) === null
    ? [
      keyStep(path),
      `# write the password of ${printable(user)} into ${path}: *:*:*:USER:PASSWORD`,
    ]
    : [keyStep(path)];
}

/** Says whether everybody may read a file; certificates are no secret. */
function isForAll(path: string): boolean {
  try {
    return ((Deno.statSync(path).mode ?? 0) & 0o004) !== 0;
  } catch {
    return false;
  }
}

/**
 * Gives database and key file back to root. Links that the service's user has made stay that user's:
 * whatever root's hooks write to follows a link of root's, and not one of another user.
 */
function returnSteps({ database, keyFile }: Settings): Step[] {
  if (database.engine === "postgres") {
    const { passFile, tls } = database;
    return [passFile, tls?.client?.key ?? null, keyFile]
      .flatMap((path) => path === null ? [] : [`chown -h root:root ${path}`]);
  }
  const { path } = database;
  const directory = dirname(path);
  const isOurs = isOurDirectory(directory);
  const files = isOurs ? directory : `${directory} -maxdepth 1 -name '${basename(path)}*'`;
  return [
    `find ${files} ! -type l -exec chown -h root:root {} +`,
    ...isOurs && isWithin(keyFile, directory) ? [] : [`chown -h root:root ${keyFile}`],
  ];
}

function isWithin(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function databaseStep(path: string, directory: string): Step {
  if (lstat(directory) === null) {
    return `install -d -o ${SERVICE_USER} -g ${SERVICE_USER} -m 0700 ${directory}`;
  }
  if (isOurDirectory(directory)) return `chown -R ${OWNER} ${directory}`;
  return `# move ${path} to a directory of its own that belongs to ${SERVICE_USER}, such as ` +
    "/var/lib/openvpn-totp (the service makes files beside it), and set totpTokenDbPath";
}

/**
 * An empty key file is given a key at the first enrolment. Neither for it nor for the log is a link
 * followed, which would give the service whatever somebody has made it lead to.
 */
function keyStep(path: string): Step {
  return lstat(path) === null
    ? `install -o ${SERVICE_USER} -g ${SERVICE_USER} -m 0600 /dev/null ${path}`
    : `chown -h ${OWNER} ${path}`;
}

/** systemd does not start a service for which a directory is to be writable that does not exist. */
function logStep(path: string): Step {
  return lstat(path) === null
    ? `install -D -o ${SERVICE_USER} -g ${SERVICE_USER} -m 0600 /dev/null ${path}`
    : `chown -h ${OWNER} ${path}`;
}
