import { type Directive, directivesNamed, lastNamed } from "../openvpn_config/directive.ts";
import { commandWords, type Hook, hookLine, isOtherTotp } from "../configuration/hook_lines.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { ProblemId } from "./finding_ids.ts";
import type { Script, SetUp } from "./set_up.ts";

/** The finding that each hook's command has. */
const IDS = {
  "auth-user-pass-verify": "password_script",
  "client-crresponse": "code_script",
} satisfies Record<Hook, ProblemId>;

/** Whether OpenVPN runs the program at both steps of a login. */
export function checkHooks(setUp: SetUp): Finding[] {
  if (setUp.serviceSettings !== null) return [];
  return [
    ...checkHook(setUp, "auth-user-pass-verify"),
    ...checkMethod(setUp),
    ...checkHook(setUp, "client-crresponse"),
    ...checkProgramFile(setUp),
  ];
}

function checkHook(setUp: SetUp, hook: Hook): Finding[] {
  const id = IDS[hook];
  const all = directivesNamed(setUp.config, hook);
  const [first] = all;
  if (first === undefined) return [missingHook(setUp, hook)];
  const finding = checkCommand(setUp, hook, all.at(-1)!);
  if (all.length === 1) return [finding];
  const what = `${hook} is set ${all.length} times`;
  return [finding, warning(id, what, "OpenVPN runs only the last one", { at: first })];
}

function missingHook({ program }: SetUp, hook: Hook): Finding {
  const why = hook === "client-crresponse"
    ? "nothing reads the codes that users answer a challenge with"
    : "the program is not asked about passwords";
  return problem(IDS[hook], `${hook} is not set`, why, { line: hookLine(hook, program) });
}

function checkCommand({ scripts, program }: SetUp, hook: Hook, at: Directive): Finding {
  const command = at.words[0] ?? "";
  const path = commandWords(command)[0] ?? "";
  const script = scripts.get(path);
  if (script?.real === program) return ok(IDS[hook], `${hook} runs ${path}`);
  const { tell, what, why } = path.slice(path.lastIndexOf("/") + 1) === "openvpn-totp"
    ? otherCopy(path, script, program)
    : otherProgram(command);
  return tell(IDS[hook], `${hook} runs ${what}`, why, { line: hookLine(hook, program), at });
}

/** What a hook runs in place of this program. */
interface Stranger {
  tell: typeof problem | typeof warning;
  what: string;
  why: string;
}

function otherCopy(path: string, script: Script | undefined, program: string): Stranger {
  return script?.real == null
    ? {
      tell: problem,
      what: `${path}, which does not exist or is not a file`,
      why: "OpenVPN does not start without it",
    }
    : {
      tell: warning,
      what: `${path}, but this is ${program}`,
      why: "the other copy may be another version: run doctor with that copy, or change the line",
    };
}

function otherProgram(command: string): Stranger {
  return isOtherTotp(command)
    ? {
      tell: problem,
      what: `an older script: ${command}`,
      why: "that script does not know the users who are enrolled here",
    }
    : {
      tell: problem,
      what: `another program: ${command}`,
      why: "OpenVPN runs only one program there, so this one is not asked",
    };
}

function checkMethod({ config, program }: SetUp): Finding[] {
  const at = lastNamed(config, "auth-user-pass-verify");
  if (at === null) return [];
  const [, method] = at.words;
  if (method === "via-file") return [ok("password_method", "the password is passed in a file")];
  const advice = { line: hookLine("auth-user-pass-verify", program), at };
  if (method !== "via-env") {
    const what = method === undefined ? "no method" : `the method "${method}"`;
    const why = "OpenVPN accepts via-file or via-env; otherwise it does not start";
    return [problem("password_method", `auth-user-pass-verify has ${what}`, why, advice)];
  }
  const level = parseInt(lastNamed(config, "script-security")?.words[0] ?? "1", 10);
  const what = "auth-user-pass-verify has via-env";
  return [
    level < 3
      ? problem(
        "password_method",
        `${what}, and script-security is below 3`,
        "below 3, OpenVPN passes no password in the environment",
        advice,
      )
      : warning(
        "password_method",
        what,
        "the password stays in the environment of the running program",
        advice,
      ),
  ];
}

function checkProgramFile({ scripts, program }: SetUp): Finding[] {
  return [...scripts]
    .filter(([path, { real }]) =>
      real === program || path.endsWith("/openvpn-totp") && real !== null
    )
    .map(([path, script]) => checkProgram(path, script, "OpenVPN"));
}

/**
 * Whether a program that root runs can be run, and nobody else can write it.
 *
 * @param runner what runs it
 */
export function checkProgram(
  path: string,
  { real, trouble, isExecutable }: Script,
  runner: string,
): Finding {
  if (trouble !== null) {
    const why = "anyone who can change the program sees all passwords and can run code as root";
    return problem("program_file", trouble, why);
  }
  return isExecutable
    ? ok("program_file", `${path} can be run, and only its owner can change it`)
    : problem("program_file", `${path} is not executable`, `${runner} cannot run it`, {
      command: `chmod 755 ${real}`,
    });
}
