import { Failure } from "../core/failure.ts";
import { PROGRAM } from "../text/program_name.ts";
import { actingUid } from "./acting_user.ts";

/** More links than that are taken for a loop, as the kernel does (path_resolution(7)). */
const MAX_LINKS = 40;

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const PERMISSIONS = 0o7777;

/** Where a path leads. */
interface TrustedPath {
  /** Without symbolic links. */
  path: string;
  /** What lies there; null for nothing. */
  info: Deno.FileInfo | null;
}

/**
 * Follows a path to a file of ours, and refuses one that somebody else could have put there: every
 * directory and link on the way, and the file, must belong to this process's user or to root, and
 * nobody else may write in the directories. A sticky directory such as /tmp is allowed on the way,
 * since nobody can move other users' files there; it is not allowed as the file's own directory,
 * where anybody could put files beside it.
 *
 * @param path absolute
 * @param uid whose file it is, if not that of the user whom this process acts as
 * @throws Failure `untrusted_path`
 * @throws Deno.errors.* when the system refuses
 */
export function followTrusted(path: string, uid: number | null = actingUid()): TrustedPath {
  let rest = partsOf(path);
  let at = "/";
  let info = Deno.lstatSync(at);
  requireOwner(at, info, uid);
  for (let links = 0; rest.length > 0;) {
    const name = rest.shift()!;
    if (name === "..") {
      at = parentOf(at);
      info = Deno.lstatSync(at);
      continue;
    }
    requireOthersKeptOut(at, info, rest.length === 0);
    const next = at === "/" ? `/${name}` : `${at}/${name}`;
    const found = lstat(next);
    if (found === null) {
      // What isn't there yet may be created next, so nobody else may be able to create it.
      requireOthersKeptOut(at, info, true);
      return { path: [next, ...rest].join("/"), info: null };
    }
    requireOwner(next, found, uid);
    if (!found.isSymlink) {
      at = next;
      info = found;
      continue;
    }
    const target = targetOf(next);
    if (++links > MAX_LINKS) throw badLink(next, "is part of a loop");
    if (target.startsWith("/")) {
      at = "/";
      info = Deno.lstatSync(at);
    }
    rest = [...partsOf(target), ...rest];
  }
  return { path: at, info };
}

/**
 * Whose rights a path needs: the first user, other than root and this process's, to whom something
 * on the way belongs. Nobody but root and this process's user could have put it there, so what it
 * says stays true, whatever that user does below.
 *
 * @param path absolute
 * @returns null where nothing belongs to another user, or the path is refused for another reason
 */
export function foreignOwner(path: string): number | null {
  try {
    followTrusted(path);
  } catch (error) {
    if (error instanceof ForeignOwner) return error.uid;
  }
  return null;
}

/** Something on the way belongs to another user. */
class ForeignOwner extends Failure {
  readonly uid: number | null;

  constructor(path: string, { uid, isFile }: Deno.FileInfo, owner: number | null) {
    const advice = isFile ? `change its owner (chown) ${IF_OURS}` : CHOOSE_ANOTHER;
    super(
      "untrusted_path",
      `${path} belongs to uid ${uid}, but this is uid ${owner}: run openvpn-totp as that user, or ` +
        advice,
    );
    this.uid = uid;
  }
}

/**
 * Refuses a file that users other than its owner may read or write, as ssh does with keys.
 *
 * @throws Failure `untrusted_path`
 */
export function requirePrivate(path: string): void {
  const info = Deno.statSync(path);
  if (!((info.mode ?? 0) & OTHERS)) return;
  throw new Failure(
    "untrusted_path",
    `${path} has mode ${modeOf(info)}, so users other than its owner have access: ` +
      `chmod 600 ${path} ${IF_OURS}`,
  );
}

/** What limits a command that changes a file, since the configuration may name another program's. */
export const IF_OURS = `(if it is ${PROGRAM}'s alone; otherwise, choose another file)`;

/** The advice for a directory that other programs may rely on as it is. */
export const CHOOSE_ANOTHER = "choose another place";

/**
 * Says whether a directory is this program's alone, by its name: advice to change the mode or the
 * owner of any other could break the machine.
 */
export function isOurDirectory(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1) === PROGRAM;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Where a link leads. Something must be there: nobody means a new file to be created elsewhere. */
function targetOf(link: string): string {
  try {
    Deno.statSync(link);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw badLink(link, "leads nowhere");
  }
  return Deno.readLinkSync(link);
}

function badLink(link: string, what: string): Failure {
  return new Failure(
    "untrusted_path",
    `${link} is a symbolic link that ${what}: ${CHOOSE_ANOTHER}`,
  );
}

/** What is at a path, a link itself and not where it leads; null where nothing is. */
export function lstat(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function requireOwner(path: string, info: Deno.FileInfo, owner: number | null): void {
  if (info.uid === 0 || info.uid === owner) return;
  throw new ForeignOwner(path, info, owner);
}

function requireOthersKeptOut(directory: string, info: Deno.FileInfo, isLast: boolean): void {
  const mode = info.mode ?? 0;
  const isSafe = !(mode & OTHERS_WRITE) || (mode & STICKY && !isLast);
  if (!info.isDirectory || isSafe) return;
  const advice = isOurDirectory(directory) && !(mode & STICKY)
    ? `chmod go-w ${directory}`
    : `${CHOOSE_ANOTHER}, where only root and this user can write`;
  throw new Failure(
    "untrusted_path",
    `the directory ${directory} has mode ${modeOf(info)}, so others can put files there: ${advice}`,
  );
}

function modeOf(info: Deno.FileInfo): string {
  return ((info.mode ?? 0) & PERMISSIONS).toString(8).padStart(4, "0");
}

/** The directory that a path's last part lies in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** Creates a directory for its owner alone, whatever the umask; an existing one is left as it is. */
export function makeDirectory(path: string): void {
  try {
    Deno.statSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    makeDirectory(parentOf(path));
    // `recursive` only because it doesn't fail where another first enrolment was faster.
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    Deno.chmodSync(path, 0o700);
  }
}
