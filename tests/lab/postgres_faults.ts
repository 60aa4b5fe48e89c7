/** What a client has run: a statement by itself, or one that it had prepared. */
export interface ProxiedStatement {
  sql: string;
  /** Which connection it came on, and as which one of that, both counted from 1. */
  connection: number;
  nth: number;
}

/** What can happen to a statement. */
export type Fault =
  /** The server fails it; in a transaction, that has failed, too. COMMIT leaves none. */
  | { act: "fail"; sqlstate: string }
  /** The connection is lost: before the server gets the statement, or after it has run it. */
  | { act: "cut"; when: "before" | "after" }
  /** From then on, nothing is passed on: of the statement either, or of its answer. */
  | { act: "silence"; when: "before" | "after" }
  /** It is passed on when the promise is fulfilled. */
  | { act: "delay"; until: Promise<unknown> };

/** Says what happens to a statement that a client sends; null for nothing. */
export type Judge = (statement: ProxiedStatement) => Fault | null;

/** A judge for the first statement that matches, and how often it was met. */
export function once(pattern: RegExp, fault: Fault): Judge & { hits: () => number } {
  return times(1, pattern, fault);
}

/** A judge for the first so many statements that match, and how often one was met. */
export function times(
  count: number,
  pattern: RegExp,
  fault: Fault,
): Judge & { hits: () => number } {
  let hits = 0;
  const judge: Judge = ({ sql }) => {
    if (hits >= count || !pattern.test(sql)) return null;
    hits++;
    return fault;
  };
  return Object.assign(judge, { hits: () => hits });
}
