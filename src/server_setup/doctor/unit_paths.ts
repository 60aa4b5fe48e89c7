import type { DatabasePlace } from "../../core/database_place.ts";
import { lastNamed } from "../openvpn_config/directive.ts";
import type { Unit } from "../systemd/unit_file.ts";
import { type Finding, ok, problemInUnit } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";
import { directoryOf, type Need, obstacleTo } from "./unit_obstacles.ts";

/** Whether the unit gives the program access to the files that it needs (systemd.exec(5)). */
export function checkUnitPaths(unit: Unit, setUp: LineFacts): Finding {
  for (const need of needsOf(setUp)) {
    const obstacle = obstacleTo(need, unit);
    if (obstacle === null) continue;
    const { assignment, how } = obstacle;
    const why = `in this unit, ${need.what} ${need.path} is ${how}`;
    return how === "read-only" && isNarrow(directoryOf(need.path))
      ? problemInUnit("unit_paths", assignment, why, `ReadWritePaths=${directoryOf(need.path)}`)
      : problemInUnit("unit_paths", assignment, `${why}: choose another place`, null);
  }
  return ok("unit_paths", "the unit gives the program access to its files");
}

/** Says whether making a directory writable leaves the unit's protection of the system in place. */
function isNarrow(directory: string): boolean {
  return directory.split("/").length > 2;
}

function needsOf({ settings, tmpDir, program, config, serviceSettings }: LineFacts): Need[] {
  const needs: Need[] = [{ path: program, what: "the program", isWritten: false }];
  if (serviceSettings === null && lastNamed(config, "tmp-dir") !== null) {
    const file = `${tmpDir.path}/file`;
    needs.push({ path: file, what: "the temporary file", isWritten: true, isShared: true });
  }
  needs.push(...databaseNeeds(settings.database));
  needs.push({ path: settings.keyFile, what: "the key file", isWritten: false });
  if (settings.log.startsWith("/")) {
    needs.push({ path: settings.log, what: "the log", isWritten: true });
  }
  return needs;
}

/** A file, or what a connection to a server is made with. */
function databaseNeeds(database: DatabasePlace): Need[] {
  if (database.engine === "sqlite") {
    return [{ path: database.path, what: "the database", isWritten: true }];
  }
  const { passFile, tls, hosts } = database;
  const files: [path: string | null | undefined, what: string][] = [
    [passFile, "the passfile"],
    [tls?.rootCertificates === "system" ? null : tls?.rootCertificates, "the file of sslrootcert"],
    [tls?.client?.certificate, "the file of sslcert"],
    [tls?.client?.key, "the file of sslkey"],
    ...hosts.map(({ host, port }): [string | null, string] => [
      host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : null,
      "the database's socket",
    ]),
  ];
  return files.flatMap(([path, what]) => path ? [{ path, what, isWritten: false }] : []);
}
