import type { Directive } from "../openvpn_config/directive.ts";
import type { Assignment } from "../systemd/unit_file.ts";
import type { FindingId, Level, ProblemId, WarningId } from "./finding_ids.ts";

/** The result of one check. */
export interface Finding {
  id: FindingId;
  level: Level;
  what: string;
  /** Why it matters; null if all is well. */
  why: string | null;
  /** The exact line to put into the configuration or the unit; null if there is none. */
  line: string | null;
  /** The exact command to run; null if there is none. */
  command: string | null;
  /** The file and line that it is about. */
  at: string | null;
}

/** What to do about a finding, and where. */
interface Advice {
  line?: string | null;
  command?: string | null;
  at?: Pick<Directive, "file" | "line"> | null;
}

/** All is well. */
export function ok(id: FindingId, what: string): Finding {
  return { id, level: "ok", what, why: null, ...advised({}) };
}

/** Logins work, but something about them could be better. */
export function warning(id: WarningId, what: string, why: string, advice: Advice = {}): Finding {
  return { id, level: "warning", what, why, ...advised(advice) };
}

/** Logins fail, or are less safe than they look. */
export function problem(id: ProblemId, what: string, why: string, advice: Advice = {}): Finding {
  return { id, level: "problem", what, why, ...advised(advice) };
}

/** A problem that a line of the systemd unit causes; `line` is what to put in its place. */
export function problemInUnit(
  id: ProblemId,
  at: Assignment,
  why: string,
  line: string | null,
): Finding {
  return problem(id, `${at.key}=${at.value} in the unit`, why, { line, at });
}

function advised({ line = null, command = null, at = null }: Advice) {
  return { line, command, at: at === null ? null : `${at.file}:${at.line}` };
}
