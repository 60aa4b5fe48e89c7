import { type Config, lastNamed } from "../openvpn_config/directive.ts";

/** OpenVPN's defaults (openvpn(8)), in seconds. */
const DEFAULTS = { "reneg-sec": 3600, "hand-window": 60 };

/** `reneg-sec` or `hand-window`, in seconds. */
export function secondsOf(config: Config, name: keyof typeof DEFAULTS): number {
  const word = lastNamed(config, name)?.words[0];
  return word === undefined ? DEFAULTS[name] : wholeNumber(word);
}

/** A word as C's atoi(3) reads it, but never below 0. */
export function wholeNumber(word: string): number {
  return Math.max(0, parseInt(word, 10) || 0);
}

/**
 * With `auth-gen-token`, OpenVPN does not start if `reneg-sec` is 0, or if tokens are renewed more
 * often than every two `hand-window`s (`options_postprocess_verify_ce`, OpenVPN 2.6 and 2.7).
 *
 * @param window another `hand-window` than the configuration's, in seconds
 * @returns how often tokens are renewed, and how often they may be at most, in seconds; null if
 *   OpenVPN starts
 */
export function tooFrequentRenewal(
  config: Config,
  window = secondsOf(config, "hand-window"),
): { seconds: number; least: number } | null {
  const renegotiation = secondsOf(config, "reneg-sec");
  const word = lastNamed(config, "auth-gen-token")?.words[1] ?? "";
  const seconds = renegotiation === 0 ? 0 : wholeNumber(word) || renegotiation;
  const least = Math.max(2 * window, 1);
  return seconds < least ? { seconds, least } : null;
}
