import { lastNamed } from "../openvpn_config/directive.ts";
import { lastOf } from "../systemd/unit_file.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Directory, SetUp } from "./set_up.ts";

/** Where the log's lines and OpenVPN's temporary files go. */
export function checkOutputs(setUp: SetUp): Finding[] {
  return [...checkLog(setUp), ...checkTmpDir(setUp)];
}

function checkLog({ config, unit, settings, logDirectory }: SetUp): Finding[] {
  const { log } = settings;
  if (log === "syslog") return [ok("log", "the log goes to syslog")];
  if (log !== "stderr") {
    return [
      logDirectory === null
        ? problem(
          "log",
          `the directory of ${log} isn't there`,
          "no decision is logged: make it, or set totpLog",
        )
        : ok("log", `the log goes to ${log}`),
    ];
  }
  const keeps = ["log", "log-append"].some((name) => lastNamed(config, name));
  const detached = lastNamed(config, "daemon") ?? lastNamed(config, "syslog");
  if (!keeps && detached !== null) {
    return [warning(
      "log",
      `${detached.name} is set without log-append: the log's lines are lost`,
      "OpenVPN drops the program's standard error",
      { line: "setenv totpLog syslog", at: detached },
    )];
  }
  const output = unit === null ? null : lastOf(unit, "StandardError") ??
    lastOf(unit, "StandardOutput");
  return [
    !keeps && output?.value === "null"
      ? warning(
        "log",
        `${output.key}=null in ${output.file}: the log's lines are lost`,
        "systemd drops the program's standard error",
        { line: "setenv totpLog syslog" },
      )
      : ok("log", "the log goes where OpenVPN's goes"),
  ];
}

const WHY_OTHERS =
  "they can exchange the files that a login's answer stands in, and let themselves in";

function checkTmpDir({ config, tmpDir, user }: SetUp): Finding[] {
  const at = lastNamed(config, "tmp-dir");
  const { path, info, trouble } = tmpDir;
  const line = "tmp-dir /tmp";
  if (path === "/dev" || path.startsWith("/dev/")) {
    return [problem(
      "tmp_dir",
      `tmp-dir is ${path}`,
      "the program can't read files below /dev",
      { line, at },
    )];
  }
  if (info === null) {
    return [problem(
      "tmp_dir",
      `tmp-dir ${path} is no directory`,
      "OpenVPN doesn't start, or refuses every login",
      { line, at },
    )];
  }
  if (info.uid !== 0 && info.uid !== user.uid) {
    return [problem(
      "tmp_dir",
      `tmp-dir ${path} belongs to uid ${info.uid}`,
      WHY_OTHERS,
      { command: `chown ${user.name} ${path}`, at },
    )];
  }
  const isGroups = (info.mode & 0o020) !== 0 && info.gid !== 0 &&
    info.gid !== user.gid;
  const isOpen = isGroups || (info.mode & 0o002) !== 0;
  if (isOpen && (info.mode & 0o1000) === 0) {
    return [problem(
      "tmp_dir",
      `others can write in tmp-dir ${path}, and it isn't sticky`,
      WHY_OTHERS,
      { command: `chmod 700 ${path}`, at },
    )];
  }
  if (trouble !== null) {
    return [problem(
      "tmp_dir",
      `others can exchange tmp-dir ${path}: ${trouble}`,
      WHY_OTHERS,
      { line, at },
    )];
  }
  return [
    canWrite(info, user) ? ok("tmp_dir", `temporary files lie in ${path}`) : problem(
      "tmp_dir",
      `${user.name} can't write in tmp-dir ${path}`,
      "OpenVPN makes a file there for each login",
      { command: `chown ${user.name} ${path}`, at },
    ),
  ];
}

function canWrite(
  { uid, gid, mode }: Directory,
  user: SetUp["user"],
): boolean {
  if (user.uid === 0) return true;
  const shift = user.uid === uid ? 6 : user.gid === gid ? 3 : 0;
  return ((mode >> shift) & 0o3) === 0o3;
}
