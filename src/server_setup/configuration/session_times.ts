import { type Config, lastNamed } from "../openvpn_config/directive.ts";

/** OpenVPN's defaults (openvpn(8)); times are in seconds. */
const DEFAULTS = { "reneg-sec": 3600, "hand-window": 60, inactive: 0, verb: 1 };

/** The number that a directive sets, or OpenVPN's default; times are in seconds. */
export function numberOf(config: Config, name: keyof typeof DEFAULTS): number {
  const word = lastNamed(config, name)?.words[0];
  return word === undefined ? DEFAULTS[name] : wholeNumber(word);
}

/** A word as C's atoi(3) reads it, but never below 0. */
export function wholeNumber(word: string): number {
  return Math.max(0, parseInt(word, 10) || 0);
}

/** The line that makes renegotiations as rare as OpenVPN's default does, or as `least` seconds do. */
export function rareRenegotiation(least = 0): string {
  return `reneg-sec ${Math.max(DEFAULTS["reneg-sec"], least)}`;
}

/**
 * With `auth-gen-token`, OpenVPN does not start if `reneg-sec` is 0, or if tokens are renewed more
 * often than every two `hand-window`s (`options_postprocess_verify_ce`, OpenVPN 2.6 and 2.7). The
 * second word of `auth-gen-token` says how often; without it, `reneg-sec` does.
 *
 * @param window another `hand-window` than the configuration's, in seconds
 * @returns how often tokens are renewed, and how often they may be at most, in seconds, and the line
 *   to put in place of the one that says so; null if OpenVPN starts
 */
export function tooFrequentRenewal(
  config: Config,
  window = numberOf(config, "hand-window"),
): { seconds: number; least: number; line: string } | null {
  const renegotiation = numberOf(config, "reneg-sec");
  const [lifetime, own = "", ...others] = lastNamed(config, "auth-gen-token")?.words ?? [];
  const isOwn = renegotiation !== 0 && wholeNumber(own) !== 0;
  const seconds = isOwn ? wholeNumber(own) : renegotiation;
  const least = Math.max(2 * window, 1);
  if (seconds >= least) return null;
  const line = isOwn
    ? ["auth-gen-token", lifetime, least, ...others].join(" ")
    : rareRenegotiation(least);
  return { seconds, least, line };
}
