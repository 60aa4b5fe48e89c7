import { type Config, type Directive, lastNamed } from "../openvpn_config/directive.ts";
import { authPlugin } from "../configuration/auth_plugin.ts";
import {
  externalAuthAt,
  numberOf,
  rareRenegotiation,
  secondNumberAt,
  tooFrequentRenewal,
  wholeNumber,
} from "../configuration/session_times.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { checkSessionWords } from "./session_words.ts";
import type { LineFacts } from "./set_up.ts";
import { checkTokenCrash, checkTokenSecret } from "./token_checks.ts";

/** With a shorter `reneg-sec`, a token expires before the second renegotiation; in seconds. */
const LEAST_RENEG_SEC = 18;

/** Whether users have enough time for both steps of a login, and how long a login lasts. */
export function checkSession(setUp: LineFacts): Finding[] {
  const bad = checkSessionWords(setUp);
  return [
    bad ?? checkToken(setUp),
    ...checkTokenSecret(setUp),
    ...checkTokenCrash(setUp),
    ...bad === null ? [checkTime(setUp)] : [],
    ...checkInactive(setUp),
    checkAnswersInLog(setUp),
  ];
}

function checkToken({ config, settings }: LineFacts): Finding {
  const tooFrequent = tooFrequentRenewal(config);
  if (lastNamed(config, "auth-gen-token") === null) return missingToken(tooFrequent);
  if (tooFrequent !== null) return renewalProblem(tooFrequent);
  const at = externalAuthAt(config);
  if (at === null) return checkTokenLifetime(config);
  const isPluginAsked = settings.primaryAuth === "external" && authPlugin(config) !== null;
  return !isPluginAsked ? ok("session_token", "auth-gen-token is set") : problem(
    "session_token",
    "auth-gen-token has external-auth, and there is a plugin",
    "the plugin receives the token as a password and refuses it",
    { line: "auth-gen-token", at },
  );
}

function missingToken(tooFrequent: { least: number } | null): Finding {
  const why =
    "every renegotiation (hourly) asks for a code again, and no traffic passes until the user answers";
  return warning(
    "session_token",
    "auth-gen-token is not set",
    tooFrequent === null
      ? why
      : `${why}; with it, OpenVPN starts only if reneg-sec is at least ${tooFrequent.least}`,
    { line: "auth-gen-token" },
  );
}

function renewalProblem(
  { seconds, least, ...advice }: NonNullable<ReturnType<typeof tooFrequentRenewal>>,
): Finding {
  return problem(
    "session_token",
    seconds === 0
      ? "reneg-sec is 0, and auth-gen-token is set"
      : `auth-gen-token renews tokens every ${seconds} seconds`,
    `OpenVPN does not start: with auth-gen-token, it wants at least ${least} seconds (twice ` +
      "hand-window) from one renegotiation to the next",
    advice,
  );
}

/** Advises a line in place of the last one with its option, if there is one. */
function inPlace(config: Config, line: string): { line: string; at: Directive | null } {
  return { line, at: lastNamed(config, line.split(" ")[0]!) };
}

function checkTokenLifetime(config: Config): Finding {
  const seconds = numberOf(config, "reneg-sec");
  if (seconds >= LEAST_RENEG_SEC) {
    return ok("session_token", "auth-gen-token is set");
  }
  return warning(
    "session_token",
    `reneg-sec is ${seconds}`,
    `below ${LEAST_RENEG_SEC}, a session token expires before the next renegotiation`,
    inPlace(config, rareRenegotiation(config)),
  );
}

function checkTime({ config, settings }: LineFacts): Finding {
  const wanted = settings.challengeTimeoutSeconds;
  const { least, most } = longestChallenge(config);
  if (wanted <= least) return ok("challenge_time", `users have ${wanted} seconds to answer`);
  const given = least === most ? `${least}` : `${least} to ${Math.min(most, wanted)}`;
  const waits = "OpenVPN waits for half of reneg-sec or for hand-window, whichever is longer";
  return warning(
    "challenge_time",
    `users have ${given} seconds to answer, not the ${wanted} of totpChallengeTimeout`,
    least === most ? waits : `${waits}; it makes reneg-sec shorter for each client at random`,
    inPlace(config, longerChallenge(config, wanted)),
  );
}

/** The line that gives users the time, and lets OpenVPN start with `auth-gen-token`. */
function longerChallenge(config: Config, seconds: number): string {
  if (tooFrequentRenewal(config, seconds) === null) return `hand-window ${seconds}`;
  // Half of it is enough even when OpenVPN takes a tenth off.
  return rareRenegotiation(config, Math.ceil(seconds * 2.25));
}

/**
 * OpenVPN keeps no challenge open for longer than max(reneg-sec / 2, hand-window), in seconds. For
 * each client of a server it first takes a random number off `reneg-sec`: up to a tenth, or down to
 * its second word. (`send_auth_pending_messages` and `do_init_crypto_tls`, OpenVPN 2.6 and 2.7; the
 * manual says otherwise. What of the time the handshake has taken is taken off, too.)
 */
function longestChallenge(config: Config): { least: number; most: number } {
  const seconds = numberOf(config, "reneg-sec");
  const shortest = secondNumberAt(config, "reneg-sec")?.words[1];
  const choices = shortest === undefined
    ? Math.floor(seconds / 10)
    : seconds - wholeNumber(shortest);
  const window = numberOf(config, "hand-window");
  const bound = (renegotiation: number) => Math.max(Math.floor(renegotiation / 2), window);
  return { least: bound(seconds - Math.max(choices, 1) + 1), most: bound(seconds) };
}

function checkInactive({ config, settings }: LineFacts): Finding[] {
  const at = lastNamed(config, "inactive");
  if (at === null) return [];
  const seconds = numberOf(config, "inactive");
  const wanted = settings.challengeTimeoutSeconds;
  if (seconds === 0 || seconds >= wanted) return [ok("inactive", `inactive is ${seconds}`)];
  return [warning(
    "inactive",
    `inactive is ${seconds}, but users have ${wanted} seconds to answer`,
    "OpenVPN closes a connection while it waits for the answer",
    { line: `inactive ${wanted}`, at },
  )];
}

function checkAnswersInLog({ config }: LineFacts): Finding {
  const verb = numberOf(config, "verb");
  const what = verb >= 3
    ? `verb ${verb} logs users' answers in base64, but a code in the log is used up and worthless`
    : `verb ${verb} logs no answers`;
  return ok("answers_in_log", what);
}
