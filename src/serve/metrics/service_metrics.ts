import type { LoginStep } from "../../core/decision.ts";
import { PAM_OUTCOMES, type PamOutcome } from "../helpers/pam_outcome.ts";
import type { ServiceState } from "../../service_state.ts";
import { Counter } from "./counter.ts";
import { type CountedDecision, knownLabels, labelsOf } from "./decision_labels.ts";
import { exposition } from "./exposition.ts";
import { Histogram } from "./histogram.ts";
import { stateFamilies } from "./state_families.ts";

const PREFIX = "openvpn_totp_";

/** From a cached answer to the longest time limit that PAM usually gets, in seconds. */
const PAM_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A code takes only the store's time; a password waits for PAM, and for its turn. */
const LOGIN_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * What the service counts and measures, for Prometheus. Labels have values of closed sets, and the
 * servers' addresses: never a user's words.
 *
 * prom-client isn't used: bundled, it fails at its start, as it is CommonJS that calls `require`.
 */
export class ServiceMetrics {
  readonly #state: () => ServiceState;
  readonly #decisions = new Counter(
    `${PREFIX}decisions_total`,
    "Decisions about logins, by step, outcome, method and reason.",
    knownLabels(),
  );
  readonly #pam = new Histogram(
    `${PREFIX}pam_duration_seconds`,
    "How long PAM's helpers took to check a password, by what came out.",
    ["outcome", PAM_OUTCOMES],
    PAM_BOUNDS,
  );
  readonly #logins = new Histogram<LoginStep>(
    `${PREFIX}login_duration_seconds`,
    "How long it took from OpenVPN's question to the service's answer, by step.",
    ["step", ["password", "code"]],
    LOGIN_BOUNDS,
  );
  readonly #turnedAway = single(
    "turned_away_total",
    "Logins that were told to come back because too many were in flight.",
  );
  readonly #reconnects = single(
    "reconnects_total",
    "Connections to OpenVPN servers that were made again.",
  );
  readonly #dropped = single(
    "log_lines_dropped_total",
    "Lines of the log that could not be written.",
  );

  /** @param state the service as it is when it is asked */
  constructor(state: () => ServiceState) {
    this.#state = state;
  }

  /** Counts a decision about a login. */
  decided(decision: CountedDecision): void {
    this.#decisions.add(labelsOf(decision));
  }

  /** Counts a check of a password by PAM, which took that many seconds. */
  pamTook(seconds: number, outcome: PamOutcome): void {
    this.#pam.observe(outcome, seconds);
  }

  /** Counts a step of a login, which took that many seconds from question to answer. */
  loginTook(step: LoginStep, seconds: number): void {
    this.#logins.observe(step, seconds);
  }

  /** Counts a login that was told to come back because too many were in flight. */
  turnedAway(): void {
    this.#turnedAway.add({});
  }

  /** Counts a connection to an OpenVPN server that was made again. */
  reconnected(): void {
    this.#reconnects.add({});
  }

  /** Counts lines of the log that could not be written. */
  logDropped(lines: number): void {
    this.#dropped.add({}, Math.max(0, lines));
  }

  /** All metrics in Prometheus's text format. */
  text(): string {
    const counted = [
      this.#decisions,
      this.#pam,
      this.#logins,
      this.#turnedAway,
      this.#reconnects,
      this.#dropped,
    ];
    return exposition([
      ...stateFamilies(this.#state(), PREFIX),
      ...counted.map((metric) => metric.family()),
    ]);
  }
}

/** A counter without labels. */
function single(name: string, help: string): Counter {
  return new Counter(PREFIX + name, help, [{}]);
}
