import {
  type Config,
  type Directive,
  directivesNamed,
  lastNamed,
} from "../openvpn_config/directive.ts";

/** OpenVPN's defaults (openvpn(8)); times are in seconds. */
const DEFAULTS = { "reneg-sec": 3600, "hand-window": 60, inactive: 0, verb: 1 };

/** The word that has OpenVPN leave tokens to whoever checks passwords. */
export const EXTERNAL_AUTH = "external-auth";

/** The number that a directive sets, or OpenVPN's default; times are in seconds. */
export function numberOf(config: Config, name: keyof typeof DEFAULTS): number {
  const word = lastNamed(config, name)?.words[0];
  return word === undefined ? DEFAULTS[name] : wholeNumber(word);
}

/** A word as C's atoi(3) reads it, but never below 0. */
export function wholeNumber(word: string): number {
  return Math.max(0, parseInt(word, 10) || 0);
}

/**
 * The directive whose second word is a number that is in force: a later line of its name without one
 * does not take it back (`add_option`, OpenVPN 2.6 and 2.7). Null if there is none.
 */
export function secondNumberAt(
  config: Config,
  name: "auth-gen-token" | "reneg-sec",
): Directive | null {
  return directivesNamed(config, name).findLast(({ words: [, second] }) =>
    second !== undefined && second !== EXTERNAL_AUTH
  ) ?? null;
}

/** Where `external-auth` is set, which no later line takes back, either; null if it is not. */
export function externalAuthAt(config: Config): Directive | null {
  return directivesNamed(config, "auth-gen-token").findLast(({ words: [, ...others] }) =>
    others.includes(EXTERNAL_AUTH)
  ) ?? null;
}

/**
 * The line that, in place of the last one with its name, makes renegotiations as rare as OpenVPN's
 * default does, or as `least` seconds do.
 */
export function rareRenegotiation(config: Config, least = 0): string {
  const seconds = Math.max(DEFAULTS["reneg-sec"], least);
  const line = `reneg-sec ${seconds}`;
  const earlier = directivesNamed(config, "reneg-sec").slice(0, -1);
  if (earlier.every(({ words }) => words.length < 2)) return line;
  // OpenVPN would keep an earlier line's second word; without one, it takes off up to a tenth.
  return `${line} ${seconds - Math.floor(seconds / 10)}`;
}

/**
 * With `auth-gen-token`, OpenVPN does not start if `reneg-sec` is 0, or if tokens are renewed more
 * often than every two `hand-window`s (`options_postprocess_verify_ce`, OpenVPN 2.6 and 2.7). The
 * second word of `auth-gen-token` says how often; without it, `reneg-sec` does.
 *
 * @param window another `hand-window` than the configuration's, in seconds
 * @returns how often tokens are renewed, and how often they may be at most, in seconds; the line to
 *   put in place of the one that says so, which is null for OpenVPN's default; null if OpenVPN starts
 */
export function tooFrequentRenewal(
  config: Config,
  window = numberOf(config, "hand-window"),
): { seconds: number; least: number; line: string; at: Directive | null } | null {
  const renegotiation = numberOf(config, "reneg-sec");
  const ownAt = secondNumberAt(config, "auth-gen-token");
  const [lifetime, own = "", ...others] = ownAt?.words ?? [];
  const isOwn = renegotiation !== 0 && wholeNumber(own) !== 0;
  const seconds = isOwn ? wholeNumber(own) : renegotiation;
  const least = Math.max(2 * window, 1);
  if (seconds >= least) return null;
  return isOwn
    ? { seconds, least, line: ["auth-gen-token", lifetime, least, ...others].join(" "), at: ownAt }
    : {
      seconds,
      least,
      line: rareRenegotiation(config, least),
      at: lastNamed(config, "reneg-sec"),
    };
}
