/** What the names of all that tests make on the machine begin with. */
export const PREFIX = "ovtotp-t";

/** Tells the tests of a script which process's end is the end of their run. */
export const OWNER_VARIABLE = "OVTOTP_OWNER";

/** The process whose end is the end of this run: a script's, or this one. */
export const OWNER = Number(Deno.env.get(OWNER_VARIABLE) ?? Deno.pid);

/** What the names of all that this run makes on the machine begin with. */
export const OWN_PREFIX = `${PREFIX}${OWNER}-`;

/**
 * Gives a name that nothing on the machine has yet: for an account, a network namespace, a PAM
 * service. It tells whose it is, so that runs at the same time leave each other's alone.
 */
export function newName(): string {
  return OWN_PREFIX + crypto.randomUUID().slice(0, 8);
}

/** Tells whether something with this name may be removed: this run's, or a dead run's. */
export type IsLeft = (name: string) => boolean;

/** What a run that was ended by force has left: nobody else removes it. */
export const isAbandoned: IsLeft = (name) => {
  const owner = name.match(/^ovtotp-t(\d+)-/)?.[1];
  return owner !== undefined && !isRunning(owner);
};

/** What may be removed at the end of this run. */
export const isLeftAtTheEnd: IsLeft = (name) => name.startsWith(OWN_PREFIX) || isAbandoned(name);

function isRunning(process: string): boolean {
  try {
    Deno.statSync(`/proc/${process}`);
    return true;
  } catch {
    return false;
  }
}
