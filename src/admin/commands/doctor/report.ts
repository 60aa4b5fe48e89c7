import { counted } from "../../../text/counted.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import type { FindingId, Level } from "../../../server_setup/doctor/finding_ids.ts";
import { findingLines } from "../../terminal/finding_lines.ts";
import type { Screen } from "../../terminal/screen.ts";

/** Findings that an option asked for: their answer is shown even if all is well. */
const ASKED_FOR: readonly FindingId[] = ["password", "any_password"];

/**
 * The findings for people: problems first, then warnings, each followed by what to do. What is fine
 * is only counted.
 *
 * @param all whether to list what is fine, too
 */
export function reportText(findings: readonly Finding[], screen: Screen, all = false): string {
  const bad = [...ofLevel(findings, "problem"), ...ofLevel(findings, "warning")];
  const fine = ofLevel(findings, "ok");
  const shown = all ? fine : fine.filter(({ id }) => ASKED_FOR.includes(id));
  const lines = [...bad, ...shown].flatMap((finding) => findingLines(finding, screen));
  const hidden = fine.length - shown.length;
  return [
    ...lines,
    ...lines.length === 0 ? [] : [""],
    ...hidden === 0 ? [] : [fineText(hidden)],
    summary(findings),
    "",
  ].join("\n");
}

/** How many findings are of a level. */
export function countOf(findings: readonly Finding[], level: Level): number {
  return ofLevel(findings, level).length;
}

function ofLevel(findings: readonly Finding[], level: Level): Finding[] {
  return findings.filter((finding) => finding.level === level);
}

function fineText(count: number): string {
  return count === 1
    ? "1 check is fine; --all lists it."
    : `${count} checks are fine; --all lists them.`;
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => counted(countOf(findings, level), level);
  return `${count("problem")}, ${count("warning")}.`;
}
