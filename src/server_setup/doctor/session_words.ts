import { quoted } from "../../text/printable.ts";
import { EXTERNAL_AUTH } from "../configuration/session_times.ts";
import { type Directive, directivesNamed } from "../openvpn_config/directive.ts";
import { type Finding, problem } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";
import { isOlder } from "./version_order.ts";

/** OpenVPN keeps a number in an `int`. */
const LARGEST = 2 ** 31 - 1;

/**
 * Looks for a word with which not every OpenVPN starts, or not with what it says, in the lines about
 * session tokens and renegotiations (`add_option`, OpenVPN 2.6 and 2.7); null if there is none.
 */
export function checkSessionWords({ config, openvpn }: LineFacts): Finding | null {
  // To 2.6, a second word of 0 is no number; to 2.7, it is as if there were none.
  const least = openvpn === null || isOlder(openvpn.version, "2.7") ? 1 : 0;
  const lines = ["auth-gen-token", "reneg-sec", "hand-window"]
    .flatMap((name) => directivesNamed(config, name));
  for (const at of lines) {
    const bad = at.words.findIndex((_, i) => !isAllowed(at, i, least));
    if (bad !== -1) return wrongWord(at, bad, least);
  }
  return null;
}

function isAllowed(at: Directive, i: number, least: number): boolean {
  const word = at.words[i]!;
  if (at.name !== "auth-gen-token" || i === 0) return isNumber(word, 0);
  return word === EXTERNAL_AUTH || i === 1 && isNumber(word, least);
}

function isNumber(word: string, least: number): boolean {
  return /^\+?\d+$/.test(word) && Number(word) >= least && Number(word) <= LARGEST;
}

function wrongWord(at: Directive, i: number, least: number): Finding {
  return problem(
    "session_token",
    `${at.name} has ${quoted(at.words[i]!)} as word ${i + 1}`,
    `OpenVPN does not start, or takes it for another number; ${allowedAt(at, i, least)}`,
    { at },
  );
}

function allowedAt({ name }: Directive, i: number, least: number): string {
  if (name === "auth-gen-token" && i > 1) return `only ${EXTERNAL_AUTH} may stand there`;
  const isRenewal = name === "auth-gen-token" && i === 1;
  const number = `whole numbers from ${isRenewal ? least : 0} to ${LARGEST} are allowed`;
  return isRenewal ? `${number}, and ${EXTERNAL_AUTH}` : number;
}
