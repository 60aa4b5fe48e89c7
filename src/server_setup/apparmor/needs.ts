import { basename, dirname, resolve } from "node:path/posix";
import { type Config, lastNamed } from "../openvpn_config/directive.ts";
import { executionOf, type FileRule, maySave } from "./file_rules.ts";
import { patternOf, ruleWord } from "./path_pattern.ts";

/** Something that OpenVPN must be allowed, so that logins work. */
export interface Need {
  /** What OpenVPN does, for a person: `run …`. */
  act: string;
  /** The rule that allows it. */
  rule: string;
  /** The program that is executed; null for a need of another kind. */
  program: string | null;
  /** What AppArmor would call the file, in whose place any other of its kind may stand. */
  path: string;
}

/** Who decides about logins, and where. */
interface Decider {
  /** The paths of the program that OpenVPN executes, without links; none with the service. */
  programs: readonly string[];
  config: Config;
  isService: boolean;
}

/**
 * What OpenVPN needs for logins. With hooks, it executes the program and makes files for it; with
 * the service, it makes the management socket.
 *
 * @throws Failure `config_error` if a path cannot be named in a rule
 */
export function needsOf({ programs, config, isService }: Decider): Need[] {
  if (!isService) return [...programs.map(programNeed), filesNeed(tmpDirOf(config))];
  const [path = "", kind] = lastNamed(config, "management")?.words ?? [];
  return kind === "unix" ? [socketNeed(resolve(config.directory, path))] : [];
}

/**
 * `PUx`: a profile of the program's own if there is one, otherwise none, and a clean environment.
 */
function programNeed(program: string): Need {
  const rule = `${ruleWord(patternOf(program))} PUx,`;
  return { act: `run ${program}`, rule, program, path: program };
}

/** The files are OpenVPN's own (`openvpn_acf_….tmp` and others), and it removes them. */
function filesNeed(directory: string): Need {
  const start = `${directory === "/" ? "" : directory}/openvpn_`;
  return {
    act: `make its temporary files in ${directory}`,
    rule: `owner ${ruleWord(`${patternOf(start)}*.tmp`)} rw,`,
    program: null,
    path: `${start}acf_0123456789abcdef.tmp`,
  };
}

function socketNeed(named: string): Need {
  const path = resolve(withoutLinks(dirname(named)), basename(named));
  const rule = `${ruleWord(patternOf(path))} rw,`;
  return { act: `make its management socket ${path}`, rule, program: null, path };
}

function tmpDirOf(config: Config): string {
  return withoutLinks(
    resolve(config.directory, lastNamed(config, "tmp-dir")?.words[0] ?? "/tmp"),
  );
}

/** A directory as AppArmor sees it, also one that is not there yet. */
function withoutLinks(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path === "/" ? path : resolve(withoutLinks(dirname(path)), basename(path));
  }
}

/** The needs that rules do not meet. */
export function unmetBy(rules: readonly FileRule[], needs: readonly Need[]): Need[] {
  return needs.filter(({ program, path }) =>
    program === null ? !maySave(rules, path) : executionOf(rules, program) !== "leaves"
  );
}
