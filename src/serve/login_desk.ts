import type { CodeVerdict, PasswordVerdict, Reason } from "../core/verdict.ts";
import { decisionFields, severityOf } from "../login/decision_line.ts";
import { attemptTo } from "../login/refusal_of.ts";
import { readAddress } from "../openvpn/client_variables.ts";
import type { ClientEvent } from "../openvpn/management/client_event.ts";
import type { EventVariables } from "../openvpn/management/event_variables.ts";
import type { ClientSessions, Session } from "./client_sessions.ts";
import { machineIdentity } from "../system/machine_identity.ts";
import type { CurrentLogin } from "./current_login.ts";
import {
  BUSY,
  comeBack,
  decide,
  type Decision,
  type LoginEvent,
  stepOf,
  STOPPING,
} from "./decide.ts";
import { LONGEST_LOGIN_MS } from "./limits.ts";
import type { CountedDecision } from "./metrics/decision_labels.ts";
import type { ServiceMetrics } from "./metrics/service_metrics.ts";
import type { ServiceLog } from "./service_log.ts";
import { waitAtMost } from "./wait_at_most.ts";

/** What a desk works with. */
export interface DeskParts {
  current: CurrentLogin;
  log: Pick<ServiceLog, "write">;
  meter: Pick<ServiceMetrics, "decided" | "loginTook" | "turnedAway">;
  /** How many logins may be decided about at once; answers to challenges count for themselves. */
  maxLogins: number;
}

/** An OpenVPN server, as the desk sees it. */
export interface Server {
  /** Its management socket. */
  readonly name: string;
  readonly sessions: ClientSessions;
  /** Sends a command; it is lost if the connection has ended. */
  tell(command: string): void;
}

/**
 * Takes what clients of all servers send, and answers it. A verdict goes to the very connection that
 * asked, once: whatever a client sends beside or after it changes nothing.
 */
export class LoginDesk {
  readonly #parts: DeskParts;
  /** Servers on other machines, with the same socket, may share the database. */
  readonly #machine = machineIdentity();
  readonly #inFlight = { connect: 0, answer: 0 };
  #isStopping = false;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** How many logins are being decided about. */
  get inFlight(): number {
    return this.#inFlight.connect + this.#inFlight.answer;
  }

  /** Takes an event; it returns at once. */
  take(server: Server, event: ClientEvent): void {
    if (event.kind === "disconnect") return server.sessions.forget(event.cid);
    const session = event.kind === "connect"
      ? server.sessions.begin(event.key)
      : server.sessions.find(event.key);
    // Whatever comes after a verdict, or beside an answer that is being looked at, is nothing new.
    const isNew = event.kind === "connect" || !session.isSettled && !session.isAnswered;
    if (!isNew) return event.variables.wipe();
    if (this.#isStopping || this.#inFlight[event.kind] >= this.#parts.maxLogins) {
      return this.#turnAway(server, session, event);
    }
    session.isAnswered = event.kind === "answer";
    this.#work(server, session, event);
  }

  /** Takes no more logins, and waits until those under way are done or the time is up. */
  async stop(milliseconds: number): Promise<void> {
    this.#isStopping = true;
    if (this.inFlight === 0) return;
    this.#idle = Promise.withResolvers();
    await waitAtMost(milliseconds, this.#idle.promise);
  }

  /** Ends the wait of `stop`. */
  hurry(): void {
    this.#idle?.resolve();
  }

  /** Refuses all whose verdict is not known yet. */
  static refuseAll(server: Server): void {
    for (const session of server.sessions.undecided()) {
      settle(server, session, comeBack(session.key));
    }
  }

  async #work(server: Server, session: Session, event: LoginEvent): Promise<void> {
    const { kind } = event;
    const began = performance.now();
    this.#inFlight[kind]++;
    session.inFlight++;
    const timer = setTimeout(() => {
      if (session.isAwaited) settle(server, session, comeBack(session.key));
    }, LONGEST_LOGIN_MS);
    const decision = await decide(event, `${this.#machine} ${server.name}`, this.#parts.current);
    clearTimeout(timer);
    this.#inFlight[kind]--;
    session.inFlight--;
    const isLate = session.isSettled;
    this.#deliver(server, session, decision);
    this.#count(decision, (performance.now() - began) / 1000);
    const warning = isLate ? { warning: TOO_LATE } : {};
    this.#write(server, event.variables, { ...decision, ...warning });
    if (this.inFlight === 0) this.#idle?.resolve();
  }

  #deliver(server: Server, session: Session, { verdict, command }: Decision): void {
    if (command === null || session.isSettled || !server.sessions.isCurrent(session)) return;
    if (!session.isAwaited && !isSafe(verdict)) return;
    if (verdict.outcome !== "challenged" || verdict.by === "dynamic") {
      return settle(server, session, command);
    }
    session.isChallenged = true;
    server.tell(command);
  }

  /** No trace in the audit trail, so that it costs nothing: the log's lines are counted instead. */
  #turnAway(server: Server, session: Session, event: LoginEvent): void {
    if (session.isAwaited) settle(server, session, comeBack(event.key));
    const verdict = this.#isStopping ? STOPPING : BUSY;
    if (verdict === BUSY) this.#parts.meter.turnedAway();
    this.#write(server, event.variables, { verdict, step: stepOf(event), loginName: undefined });
    event.variables.wipe();
  }

  #count({ step, verdict }: Decision, seconds: number): void {
    this.#parts.meter.decided({ step, ...countedOf(verdict) });
    this.#parts.meter.loginTook(step, seconds);
  }

  #write(
    server: Server,
    { read }: EventVariables,
    { step, verdict, loginName, warning }: Omit<Decision, "command"> & { warning?: string },
  ): void {
    const tried = <T>(action: () => T) => attemptTo(action).result;
    const fields = decisionFields({
      step,
      verdict,
      loginName: loginName ?? tried(() => read("username")),
      address: tried(() => readAddress(read)),
      port: tried(() => read("untrusted_port")),
      commonName: tried(() => read("common_name")),
      warning,
      server: server.name,
    });
    this.#parts.log.write(fields, severityOf(verdict));
  }
}

/** Otherwise the log would say that somebody was let in who was not. */
const TOO_LATE = "decided too late: the client had been told to come back";

/** Refusals for these are of answers to a challenge that was open, so that no answer had let anybody in. */
const OF_OPEN_CHALLENGES: ReadonlySet<string> = new Set<Reason>([
  ...["wrong_code", "malformed_code", "code_used", "codes_locked"] as const,
  ...["challenge_expired", "user_disabled"] as const,
]);

/**
 * Says whether a verdict can cut off nobody who is connected. A service that was started since a client
 * was let in, or has lost its connection to OpenVPN meanwhile, is told whatever the client sends, and
 * knows of no challenge where a token or a static answer let it in. A client that nobody lets in is
 * refused by OpenVPN itself.
 */
function isSafe(verdict: PasswordVerdict | CodeVerdict): boolean {
  return verdict.outcome !== "refused" || OF_OPEN_CHALLENGES.has(verdict.reason);
}

/** Tells OpenVPN a last word about a key, unless it has one. */
function settle(server: Server, session: Session, command: string): void {
  if (session.isSettled || !server.sessions.isCurrent(session)) return;
  session.isSettled = true;
  server.tell(command);
}

function countedOf(verdict: PasswordVerdict | CodeVerdict): Omit<CountedDecision, "step"> {
  return {
    outcome: verdict.outcome,
    by: "by" in verdict ? verdict.by : null,
    reason: "reason" in verdict ? verdict.reason ?? null : null,
  };
}
