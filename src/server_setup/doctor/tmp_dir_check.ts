import { lastNamed } from "../openvpn_config/directive.ts";
import { type Finding, ok, problem } from "./finding.ts";
import type { Directory, LineFacts, RunUser } from "./set_up.ts";

const WHY_OTHERS = "they can replace the files that hold a login's answer, and let themselves in";

/** What is wrong with a directory, why it matters, and what to do. */
interface Trouble {
  what: string;
  why: string;
  line?: string;
  /** Makes the directory that the line names. */
  command?: string;
}

/** Whether the directory is safe in which OpenVPN and the program exchange files. */
export function checkTmpDir(setUp: LineFacts): Finding {
  const { config, tmpDir: { path } } = setUp;
  const trouble = troubleWith(setUp);
  if (trouble === null) return ok("tmp_dir", `temporary files are created in ${path}`);
  const { what, why, ...advice } = trouble;
  const at = lastNamed(config, "tmp-dir");
  // The line that is advised belongs in the configuration.
  if (at === null || config.files.includes(at.file)) {
    return problem("tmp_dir", what, why, { ...advice, at });
  }
  return problem("tmp_dir", `${what} (${at.file}:${at.line})`, why, advice);
}

/** Advises another directory, since the present one may be in use by other programs as it is. */
function otherPlace(path: string, user: RunUser): Pick<Trouble, "line" | "command"> {
  if (path !== "/tmp") return { line: "tmp-dir /tmp" };
  // Another server, with another user, is not to take it over.
  const own = `/var/lib/openvpn-totp-tmp-${user.name}`;
  return { line: `tmp-dir ${own}`, command: `install -d -o ${user.name} -m 0700 ${own}` };
}

function troubleWith({ tmpDir: { path, info, trouble }, user }: LineFacts): Trouble | null {
  const advice = otherPlace(path, user);
  if (path === "/dev" || path.startsWith("/dev/")) {
    return {
      what: `tmp-dir is ${path}`,
      why: "the program cannot read files below /dev",
      ...advice,
    };
  }
  if (info === null) {
    const why = "OpenVPN does not start, or refuses every login";
    return { what: `tmp-dir ${path || '""'} is not a directory`, why, ...advice };
  }
  const others = othersIn(path, info, user);
  if (others !== null) return others;
  if (trouble !== null) {
    return { what: `others can replace tmp-dir ${path}: ${trouble}`, why: WHY_OTHERS, ...advice };
  }
  if (canWrite(info, user)) return null;
  return {
    what: `${user.name} cannot write to tmp-dir ${path}`,
    why: "OpenVPN creates a file there for each login",
    ...advice,
  };
}

/** Who else can replace files in the directory. */
function othersIn(path: string, { uid, gid, mode }: Directory, user: RunUser): Trouble | null {
  if (uid !== 0 && uid !== user.uid) {
    return {
      what: `tmp-dir ${path} belongs to uid ${uid}`,
      why: WHY_OTHERS,
      ...otherPlace(path, user),
    };
  }
  const isGroups = (mode & 0o020) !== 0 && gid !== 0 && gid !== user.gid;
  const isOpen = isGroups || (mode & 0o002) !== 0;
  if (!isOpen || (mode & 0o1000) !== 0) return null;
  return {
    what: `others can write to tmp-dir ${path}, and it is not sticky`,
    why: WHY_OTHERS,
    ...otherPlace(path, user),
  };
}

function canWrite({ uid, gid, mode }: Directory, user: RunUser): boolean {
  if (user.uid === 0) return true;
  const shift = user.uid === uid ? 6 : user.gid === gid ? 3 : 0;
  return ((mode >> shift) & 0o3) === 0o3;
}
