import { quoted } from "../text/printable.ts";
import { UnreadableSource } from "./reading.ts";

/** Which of a source's entries are meant, and whose they are. */
export interface EntryChoice {
  /** Only entries of this issuer, in any case; undefined for all. */
  issuer?: string | undefined;
  /** The user to whom the source's one entry belongs, whatever name it has. */
  owner?: string | undefined;
}

/** How many issuers an error lists. */
const MAX_LISTED = 10;

/**
 * Says whether an entry is meant.
 *
 * @param issuer null if the entry has none; undefined if that is not known, as of a broken entry,
 *   which may be the very one that is meant
 */
export function isMeant({ issuer: chosen }: EntryChoice, issuer: string | null | undefined) {
  return chosen === undefined || issuer === undefined ||
    issuer !== null && folded(issuer) === folded(chosen);
}

/**
 * Makes sure that a choice fits a source.
 *
 * @param entries how many entries are meant
 * @param others the issuers of those that are not
 * @throws UnreadableSource if none is meant, or several are for one user
 */
export function requireFitting(
  { issuer, owner }: EntryChoice,
  entries: number,
  others: ReadonlySet<string>,
): void {
  if (issuer !== undefined && entries === 0) {
    const listed = [...others].slice(0, MAX_LISTED).map(quoted).join(", ");
    const there = listed === "" ? "no entry names one" : `the issuers are ${listed}`;
    throw new UnreadableSource(`no entry has the issuer ${quoted(issuer)}: ${there}`);
  }
  if (owner === undefined || entries <= 1) return;
  throw new UnreadableSource(
    `it has ${entries} entries, but USER=FILE (or --user) is for a single one: ` +
      "choose it with --only-issuer, if it is the only one of its issuer",
  );
}

function folded(issuer: string): string {
  return issuer.normalize("NFKC").trim().toLowerCase();
}
