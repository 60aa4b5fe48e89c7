import { counted } from "../../text/counted.ts";
import { quoted } from "../../text/printable.ts";
import type { Denial } from "../apparmor/denials.ts";
import { RELOAD } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import type { ApparmorFacts } from "./apparmor_facts.ts";
import { type Finding, ok, warning } from "./finding.ts";

const ID = "apparmor";

/** What the log says where the rules are there, in the files at least. */
export function checkDenials({ denials, needs, loaded }: ApparmorFacts): Finding {
  const about = denials.filter((denial) => needs.some((need) => isAbout(denial, need)));
  const last = about.at(-1);
  if (last === undefined) {
    const note = loaded === null ? "" : `; after each change of them, run ${RELOAD}`;
    return ok(ID, `AppArmor's rules let OpenVPN do what logins need${note}`);
  }
  return warning(
    ID,
    `AppArmor has refused OpenVPN ${counted(about.length, "time")} since its rules were changed, ` +
      `last at ${timeOf(last)}: ${quoted(last.operation)} of ${quoted(last.name)}`,
    "the rules are right in their files, but the kernel may still be using the old rules; if they " +
      "were reloaded after that, this is over",
    { command: RELOAD },
  );
}

/** When something that is needed was last refused; null if the log does not say. */
export function lastAbout(denials: readonly Denial[], need: Need): string | null {
  const last = denials.findLast((denial) => isAbout(denial, need));
  return last === undefined ? null : timeOf(last);
}

/** Says whether a denial was of what is needed; OpenVPN's files have another name each time. */
function isAbout({ name }: Denial, { path, program }: Need): boolean {
  return name === path ||
    program === null && /\/openvpn_\w+\.tmp$/.test(path) && /\/openvpn_\w+\.tmp$/.test(name);
}

function timeOf({ second }: Denial): string {
  return new Date(second * 1000).toISOString().replace(".000", "");
}
