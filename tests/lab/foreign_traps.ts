import { DatabaseSync } from "node:sqlite";
import { mustRun } from "./command.ts";
import type { ForeignPlace } from "./foreign_place.ts";
import { hotJournal } from "./hot_journal.ts";

/** Something that the user has put there. */
export interface Trap {
  name: string;
  /** Sets it; `before` are the database's bytes. */
  set(place: ForeignPlace, before: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** What the commands say; undefined where they work. */
  says?: RegExp;
  /** What doctor finds; undefined where it finds all well. */
  found?: RegExp;
  /** Whether commands that need no key work. */
  onlyKey?: boolean;
  /** Whether what it makes stays root's or another user's. */
  keepsOwner?: boolean;
  /** Whether another trap is refused at the same place, so that a few commands will do for this. */
  isOneOfMany?: boolean;
}

/** A file of root's. */
export const canaryOf = ({ rootOnly }: ForeignPlace) => `${rootOnly}/canary`;

/** Puts something made by a command in the place of a file. */
function instead(
  which: "db" | "key" | "journal" | "wal",
  make: (path: string, place: ForeignPlace) => Promise<unknown>,
) {
  return async (place: ForeignPlace) => {
    const path =
      { db: place.db, key: place.key, journal: `${place.db}-journal`, wal: `${place.db}-wal` }[
        which
      ];
    await Deno.remove(path).catch(() => {});
    await make(path, place);
  };
}

const fifo = (path: string) => mustRun("mkfifo", ["-m", "600", path]);
const socket = async (path: string) => {
  // Deno removes it by the name that it had.
  using _listener = Deno.listen({ transport: "unix", path: `${path}.new` });
  await Deno.rename(`${path}.new`, path);
};
const device = (path: string) => mustRun("mknod", ["-m", "600", path, "c", "1", "5"]);
const directory = (path: string) => Deno.mkdir(path);
const linkToCanary = (path: string, place: ForeignPlace) => Deno.symlink(canaryOf(place), path);
const linkToZero = (path: string) => Deno.symlink("/dev/zero", path);
const sparse = (size: string) => (path: string) =>
  mustRun("sh", ["-c", `umask 077; truncate -s ${size} "$0"`, path]);

/** Changes the database. */
export function changed(sql: string) {
  return ({ db }: ForeignPlace) => {
    using connection = new DatabaseSync(db);
    connection.exec(sql);
    return Promise.resolve();
  };
}

const DENIED = /no permission to open \S+ as uid \d+/;
const NOT_REGULAR = /is not a regular file/;
const NO_KEY_FILE = /is not a key file/;
const STRANGE = /something in its schema that openvpn-totp does not create/;
const UNREAD = /warning database: .*write-ahead log/;

/** Whatever a user may put in the place of database and key file. */
export const TRAPS: Trap[] = [
  {
    name: "a journal that names a file of root's",
    set: instead("journal", async (path, place) => {
      const journal = hotJournal(await Deno.readFile(place.db), canaryOf(place));
      await Deno.writeFile(path, journal, { mode: 0o600 });
    }),
    says: /-journal names another file/,
    found: /problem database: .*names another file/,
  },
  {
    name: "a journal of an interrupted write",
    set: instead("journal", async (path, place) => {
      await Deno.writeFile(path, hotJournal(await Deno.readFile(place.db), null), { mode: 0o600 });
    }),
    found: /warning database: .*-journal was left by an interrupted write/,
  },
  ...([
    ["a named pipe", fifo],
    ["a socket", socket],
    ["a device", device],
    ["a directory", directory],
    ["a link to a file of root's", linkToCanary],
  ] as const).flatMap(([what, make]): Trap[] => [
    {
      name: `${what} as the journal`,
      set: instead("journal", make),
      says: NOT_REGULAR,
      found: NOT_REGULAR,
      isOneOfMany: make !== linkToCanary,
    },
    {
      name: `${what} as the log`,
      set: instead("wal", make),
      says: NOT_REGULAR,
      found: NOT_REGULAR,
      isOneOfMany: make !== linkToCanary,
    },
    {
      name: `${what} as the database`,
      set: instead("db", make),
      says: make === linkToCanary ? DENIED : NOT_REGULAR,
      found: /problem database: /,
      isOneOfMany: ![linkToCanary, fifo].includes(make),
    },
    {
      name: `${what} as the key file`,
      set: instead("key", make),
      says: make === linkToCanary ? /no permission to use the key file/ : NO_KEY_FILE,
      found: make === linkToCanary ? /problem database: .*belongs to uid 0/ : NO_KEY_FILE,
      onlyKey: true,
      isOneOfMany: ![linkToCanary, fifo].includes(make),
    },
  ]),
  {
    name: "a link to zeros as the database",
    set: instead("db", linkToZero),
    says: NOT_REGULAR,
    found: /problem/,
    isOneOfMany: true,
  },
  {
    name: "a link to zeros as the key file",
    set: instead("key", linkToZero),
    says: NO_KEY_FILE,
    found: /problem/,
    onlyKey: true,
    isOneOfMany: true,
  },
  {
    name: "a sparse database",
    set: instead("db", sparse("1T")),
    says: /is larger than any/,
    found: /is larger than any/,
  },
  {
    name: "a sparse key file",
    set: instead("key", sparse("1T")),
    says: NO_KEY_FILE,
    found: NO_KEY_FILE,
    onlyKey: true,
    isOneOfMany: true,
  },
  {
    name: "a database that grew by nothing but zeros",
    set: ({ db }) => mustRun("truncate", ["-s", "1G", db]),
  },
  {
    name: "a database of root's in its place",
    set: instead(
      "db",
      (path) =>
        mustRun("sh", ["-c", 'umask 077; : > "$0"', path]).then(() =>
          mustRun("chown", ["root", path])
        ),
    ),
    keepsOwner: true,
    says: /no database|no permission/,
    found: /problem database: /,
  },
  {
    name: "a database that was given away",
    set: ({ db }) => mustRun("chown", ["daemon", db]),
    keepsOwner: true,
    says: /belongs to uid 1, but this is uid \d+/,
    found: /problem database: .*belongs to uid 1,/,
  },
  {
    name: "a virtual table",
    set: changed("CREATE VIRTUAL TABLE trap USING fts5(text)"),
    says: STRANGE,
    found: /warning database: .*\(table trap\)/,
    isOneOfMany: true,
  },
  {
    name: "a column that computes",
    set: changed("ALTER TABLE enrolments ADD COLUMN trap TEXT AS (hex(zeroblob(1e8)))"),
    says: STRANGE,
    found: /warning database: .*\(table enrolments\)/,
    isOneOfMany: true,
  },
  {
    name: "a trigger",
    set: changed("CREATE TRIGGER trap DELETE ON enrolments BEGIN SELECT 1; END"),
    says: STRANGE,
    found: /warning database: .*\(trigger trap\)/,
  },
  { name: "statistics", set: changed("ANALYZE") },
  {
    name: "a write-ahead log",
    set: changed("PRAGMA journal_mode = WAL"),
    found: UNREAD,
  },
];

/**
 * Makes the user's directory as it was, and sets a trap there.
 *
 * @param saved an archive of the directory
 */
export async function setTrap(trap: Trap, place: ForeignPlace, saved: string): Promise<void> {
  const { own, uid, gid } = place;
  await mustRun("find", [own, "-mindepth", "1", "-delete"]);
  await mustRun("tar", ["-C", own, "-xpf", saved]);
  await trap.set(place, await Deno.readFile(saved));
  const made = await mustRun("find", [own, "-user", "root", "!", "-type", "l"]);
  if (made !== "" && !trap.keepsOwner) await mustRun("chown", ["-R", "-h", `${uid}:${gid}`, own]);
  await mustRun("find", [own, "-type", "l", "-exec", "chown", "-h", `${uid}`, "{}", "+"]);
}
