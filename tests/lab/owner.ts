/** Prefix of the names of everything that tests make on the machine. */
export const PREFIX = "ovtotp-t";

/** The variable in which a script tells its tests which process's end is the end of their run. */
export const OWNER_VARIABLE = "OVTOTP_OWNER";

/** The process whose end is the end of this run: the script's, or this one. */
export const OWNER = Number(Deno.env.get(OWNER_VARIABLE) ?? Deno.pid);

/** Prefix of the names of everything that this run makes on the machine. */
export const OWN_PREFIX = `${PREFIX}${OWNER}-`;

/**
 * Returns a new name that is unique on the machine, for an account, a network namespace or a PAM
 * service. It shows which run it belongs to, so that parallel runs leave each other's things alone.
 */
export function newName(): string {
  return OWN_PREFIX + crypto.randomUUID().slice(0, 8);
}

/**
 * Says whether something with this name may be removed: it belongs to this run, or to a dead run.
 */
export type IsLeft = (name: string) => boolean;

/** Says whether something was left by a run that was ended by force: nobody else removes it. */
export const isAbandoned: IsLeft = (name) => {
  const owner = name.match(/^ovtotp-t(\d+)-/)?.[1];
  return owner !== undefined && !isRunning(owner);
};

/** Says whether something may be removed at the end of this run. */
export const isLeftAtTheEnd: IsLeft = (name) => name.startsWith(OWN_PREFIX) || isAbandoned(name);

function isRunning(process: string): boolean {
  try {
    Deno.statSync(`/proc/${process}`);
    return true;
  } catch {
    return false;
  }
}
