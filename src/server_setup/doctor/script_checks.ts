import { type Directive, directivesNamed, lastNamed } from "../openvpn_config/directive.ts";
import { commandWords, type Hook, hookLine, isOtherTotp } from "../configuration/hook_lines.ts";
import { type Finding, type FindingId, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

/** The oldest OpenVPN that delivers a script's challenge. */
const OLDEST = [2, 6, 1];

/** Whether OpenVPN runs the program, and which. */
export function checkScripts(setUp: SetUp): Finding[] {
  return [
    ...checkConfig(setUp),
    checkVersion(setUp),
    checkScriptSecurity(setUp),
    ...checkHook(setUp, "password_script", "auth-user-pass-verify"),
    ...checkMethod(setUp),
    ...checkHook(setUp, "code_script", "client-crresponse"),
    ...checkProgramFile(setUp),
  ];
}

function checkConfig({ config, configPath, configTrouble }: SetUp): Finding[] {
  if (config.error !== null) {
    const { file, line, message } = config.error;
    const what = `OpenVPN stops reading at ${file}:${line}: ${message}`;
    return [problem(
      "config",
      what,
      "OpenVPN doesn't start; what it sets is looked at when this is mended",
    )];
  }
  return [
    configTrouble === null ? ok("config", `${configPath} is readable`) : problem(
      "config",
      configTrouble,
      "who can change the configuration can run commands as root",
    ),
  ];
}

function checkVersion({ openvpn }: SetUp): Finding {
  if (openvpn === null) {
    return warning(
      "openvpn_version",
      "OpenVPN's version is unknown: its program wasn't found",
      "2.6.1 is the oldest that passes a challenge on to clients (--openvpn names the program)",
    );
  }
  const numbers = openvpn.version.split(".").map(Number);
  const differing = OLDEST.findIndex((number, i) => numbers[i] !== number);
  const isOld = differing !== -1 &&
    (numbers[differing] ?? 0) < OLDEST[differing]!;
  const what = `${openvpn.path} is OpenVPN ${openvpn.version}`;
  return isOld
    ? problem(
      "openvpn_version",
      what,
      "2.6.1 is the oldest that passes a challenge on to clients",
    )
    : ok("openvpn_version", what);
}

function checkScriptSecurity({ config }: SetUp): Finding {
  const at = lastNamed(config, "script-security");
  const level = parseInt(at?.words[0] ?? "1", 10);
  return level >= 2 ? ok("script_security", `script-security is ${level}`) : problem(
    "script_security",
    at === null ? "script-security isn't set" : `script-security is ${level}`,
    "OpenVPN runs no program below 2, and refuses every login",
    { line: "script-security 2", at },
  );
}

function checkHook(setUp: SetUp, id: FindingId, hook: Hook): Finding[] {
  const all = directivesNamed(setUp.config, hook);
  const at = all.at(-1) ?? null;
  const line = hookLine(hook, setUp.program);
  if (at === null) {
    const why = hook === "client-crresponse"
      ? "nobody reads the code that users answer a challenge with"
      : "the program isn't asked about passwords";
    return [problem(id, `${hook} isn't set`, why, { line })];
  }
  const finding = checkCommand(setUp, id, hook, at, line);
  if (all.length === 1) return [finding];
  return [
    finding,
    warning(
      id,
      `${hook} is set ${all.length} times`,
      "OpenVPN runs the last one alone",
      { at: all[0]! },
    ),
  ];
}

function checkCommand(
  { scripts, program }: SetUp,
  id: FindingId,
  hook: Hook,
  at: Directive,
  line: string,
): Finding {
  const command = at.words[0] ?? "";
  const path = commandWords(command)[0] ?? "";
  const script = scripts.get(path);
  if (script?.real === program) return ok(id, `${hook} runs ${path}`);
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "openvpn-totp") {
    return script?.real == null
      ? problem(id, `${hook} runs ${path}, which isn't there`, WHY_MISSING, {
        line,
        at,
      })
      : warning(
        id,
        `${hook} runs ${path}, and this is ${program}`,
        "another copy may be another version: run that one's doctor, or change the line",
        { line, at },
      );
  }
  return isOtherTotp(command)
    ? problem(
      id,
      `${hook} runs an older script: ${command}`,
      "it knows nothing of the users enrolled here",
      { line, at },
    )
    : problem(
      id,
      `${hook} runs another program: ${command}`,
      "OpenVPN runs one alone, and this program isn't asked",
      { line, at },
    );
}

const WHY_MISSING = "OpenVPN doesn't start without it";

function checkMethod({ config, program }: SetUp): Finding[] {
  const at = lastNamed(config, "auth-user-pass-verify");
  if (at === null) return [];
  const line = hookLine("auth-user-pass-verify", program);
  const [, method] = at.words;
  if (method === "via-file") {
    return [ok("password_method", "the password comes by a file")];
  }
  if (method !== "via-env") {
    return [problem(
      "password_method",
      `auth-user-pass-verify has ${method === undefined ? "no second word" : `"${method}"`}`,
      "OpenVPN takes via-file or via-env, and doesn't start else",
      { line, at },
    )];
  }
  const level = parseInt(
    lastNamed(config, "script-security")?.words[0] ?? "1",
    10,
  );
  return level < 3
    ? [problem(
      "password_method",
      "auth-user-pass-verify has via-env, and script-security is below 3",
      "OpenVPN passes no password by the environment below 3",
      { line, at },
    )]
    : [warning(
      "password_method",
      "auth-user-pass-verify has via-env",
      "the password stays in the environment of the running program",
      { line, at },
    )];
}

function checkProgramFile({ scripts, program }: SetUp): Finding[] {
  const ours = [...scripts].filter(([path, { real }]) =>
    real === program || path.endsWith("/openvpn-totp") && real !== null
  );
  return ours.map(([path, script]) => {
    const command = `chmod 755 ${script.real}`;
    if (script.trouble !== null) {
      return problem(
        "program_file",
        script.trouble,
        "who can change the program sees all passwords, and runs as root",
      );
    }
    return script.isExecutable
      ? ok("program_file", `${path} can be run, and only its owner changes it`)
      : problem(
        "program_file",
        `${path} isn't executable`,
        "OpenVPN can't run it",
        { command },
      );
  });
}
