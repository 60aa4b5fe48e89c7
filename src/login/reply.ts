import {
  type Challenged,
  type CodeVerdict,
  type PasswordVerdict,
  REASONS,
} from "../core/verdict.ts";

/**
 * How a way in hands a verdict to OpenVPN: a script's writes files and gives an exit status. Each
 * method gives what the way in ends the attempt with.
 */
export interface Reply<Ending> {
  /** Asks the client for a code. */
  challenge(by: Challenged["by"], stateId: string | null): Ending;
  accept(): Ending;
  /** @param told what the client is told; null for nothing beyond OpenVPN's own words */
  refuse(told: string | null): Ending;
  /** Leaves the verdict that the attempt already has. */
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
