import { lastNamed } from "../openvpn_config/directive.ts";
import { lastOf } from "../systemd/unit_file.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";
import { checkTmpDir } from "./tmp_dir_check.ts";

/** Where the log's lines and OpenVPN's temporary files go. */
export function checkOutputs(setUp: LineFacts): Finding[] {
  // For the service, OpenVPN makes no files.
  return setUp.serviceSettings === null ? [checkLog(setUp), checkTmpDir(setUp)] : [checkLog(setUp)];
}

function checkLog(setUp: LineFacts): Finding {
  const { settings: { log }, logDirectory } = setUp;
  if (log === "syslog") return ok("log", "the log goes to syslog");
  if (log === "stderr") {
    return setUp.serviceSettings === null
      ? checkStandardError(setUp)
      : ok("log", "the log goes where the service's standard error goes: to the journal");
  }
  return logDirectory !== null ? ok("log", `the log goes to ${log}`) : problem(
    "log",
    `the directory of ${log} does not exist`,
    "no decision is logged: create the directory, or change totpLog",
  );
}

function checkStandardError({ config, unit }: LineFacts): Finding {
  const well = ok("log", "the log goes where OpenVPN's own log goes");
  if (lastNamed(config, "log") !== null || lastNamed(config, "log-append") !== null) return well;
  const advice = { line: "setenv totpLog syslog" };
  const detached = lastNamed(config, "daemon") ?? lastNamed(config, "syslog");
  if (detached !== null) {
    const what = `${detached.name} is set without log-append, so log lines are lost`;
    const why = "OpenVPN discards the program's standard error";
    return warning("log", what, why, { ...advice, at: detached });
  }
  const output = unit === null
    ? null
    : lastOf(unit, "StandardError") ?? lastOf(unit, "StandardOutput");
  if (output?.value !== "null") return well;
  const what = `${output.key}=null in ${output.file}, so log lines are lost`;
  return warning("log", what, "systemd discards the program's standard error", advice);
}
