import {
  type Challenged,
  type CodeVerdict,
  type PasswordVerdict,
  REASONS,
} from "../core/verdict.ts";

/**
 * How one interface to OpenVPN receives a verdict: for a script, this writes files and gives an
 * exit status. Each method returns what ends the attempt there.
 */
export interface Reply<Ending> {
  /** Asks the client for a code. */
  challenge(by: Challenged["by"], stateId: string | null): Ending;
  accept(): Ending;
  /** @param told what the client is told; null for nothing beyond OpenVPN's own words */
  refuse(told: string | null): Ending;
  /** Keeps the verdict that the attempt already has. */
  leave(): Ending;
}

/** Hands a verdict to OpenVPN. */
export function replyWith<Ending>(
  verdict: PasswordVerdict | CodeVerdict,
  reply: Reply<Ending>,
): Ending {
  switch (verdict.outcome) {
    case "accepted":
      return reply.accept();
    case "challenged":
      return reply.challenge(verdict.by, verdict.stateId?.reveal() ?? null);
    case "unchanged":
      return reply.leave();
    case "refused":
      return reply.refuse((verdict.told ?? REASONS[verdict.reason]) || null);
  }
}
