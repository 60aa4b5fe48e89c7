import { hostText, type PostgresPlace } from "../../core/database_place.ts";
import { isLocal } from "../../core/postgres_url.ts";
import { type HostFacts, OLDEST_SERVER, type ServerFacts } from "../../store/open_store.ts";
import { printable } from "../../text/printable.ts";
import { directoryAt } from "./file_facts.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

/** Clocks that differ by so much are worth a word, and codes may be judged differently. */
const CLOCK_MS = { doubtful: 2000, bad: 15_000 };

/** From here on, users notice: a login waits for some round trips, one after the other. */
const SLOW_TRIP_MS = 50;

/** The PostgreSQL server that the database is on. */
export function checkServer({ databaseHosts: hosts, settings: { database } }: SetUp): Finding[] {
  if (hosts === null || database.engine !== "postgres") return [];
  const used = hosts.find(({ trouble, server }) => trouble === null && server !== null);
  const reached = used ?? hosts.find(({ server }) => server !== null);
  return [
    ...checkHosts(hosts, used, database),
    checkConnection(hosts, database),
    ...reached?.server ? checkFacts(reached.server, hosts) : [],
  ];
}

function checkFacts(server: ServerFacts, hosts: readonly HostFacts[]): Finding[] {
  return [
    ...checkVersion(server),
    checkRole(server),
    checkDurability(server, hosts.length > 1),
    checkClock(server),
    checkTime(server),
  ];
}

function checkHosts(
  hosts: readonly HostFacts[],
  used: HostFacts | undefined,
  { user }: PostgresPlace,
): Finding[] {
  const id = "database_server";
  if (used === undefined) {
    const troubles = hosts.map(({ trouble }) => trouble).join("; ");
    return [problem(id, troubles, "every login is refused")];
  }
  const found = ok(id, `logins use ${hostText(used.host)} as ${printable(user)}`);
  const others = hosts.filter((host) => host !== used && host.server === null)
    .map(({ trouble }) => warning(id, trouble!, "it cannot take over if the other one fails"));
  return [found, ...others];
}

function checkVersion({ version, encoding }: ServerFacts): Finding[] {
  const id = "database_server";
  const number = Math.floor(version / 10_000);
  if (version < OLDEST_SERVER) {
    const what = `the server is PostgreSQL ${number}`;
    return [problem(id, what, "openvpn-totp needs version 13 or later")];
  }
  if (encoding !== "UTF8") {
    const what = `the database has the encoding ${encoding}`;
    return [problem(id, what, "names and texts need UTF8: create the database again with it")];
  }
  return [ok(id, `the server is PostgreSQL ${number}, with the encoding UTF8`)];
}

function checkRole({ role: { name, excess, lacking } }: ServerFacts): Finding {
  const id = "database_role";
  const shown = printable(name);
  if (lacking.length > 0) {
    const what = `the role ${shown}, which logins use, lacks rights on ${lacking.join(", ")}`;
    return problem(id, what, "every login is refused, or some are", {
      command: `openvpn-totp database init --role ${quotedWord(name)}`,
    });
  }
  if (excess.length === 0) return ok(id, `the role ${shown} may do only what logins need`);
  const words = excess.length === 1
    ? excess[0]
    : `${excess.slice(0, -1).join(", ")} and ${excess.at(-1)}`;
  return warning(
    id,
    `the role ${shown}, which logins use, ${words}`,
    "whoever takes over an OpenVPN server has these rights, too: let logins use a role of their own",
    { command: "openvpn-totp database init --role ROLE" },
  );
}

function checkConnection(hosts: readonly HostFacts[], { tls }: PostgresPlace): Finding {
  const id = "database_tls";
  const remote = hosts.find(({ host: { host } }) => !isLocal(host));
  const open = hosts.find(({ host: { host } }) => host.startsWith("/") && isOpenToOthers(host));
  if (open !== undefined) {
    return warning(
      id,
      `others can put a socket of their own into ${printable(open.host.host)}`,
      "while the server does not run, any user of this machine could take its place and let anybody " +
        "in: give it a directory where only its own user can write (unix_socket_directories)",
    );
  }
  if (tls !== null) return ok(id, "TLS verifies the server, and encrypts what is said");
  if (remote === undefined) return ok(id, "the server is on this machine, and needs no TLS");
  return warning(
    id,
    `the connection to ${hostText(remote.host)} has no TLS (sslmode=disable)`,
    "whoever can change what is sent on the way can let anybody in: use verify-full, unless the " +
      "network itself encrypts it",
  );
}

/** Says whether any user may make files in a directory, sticky or not. */
function isOpenToOthers(path: string): boolean {
  return ((directoryAt(path)?.mode ?? 0) & 0o002) !== 0;
}

/** A code that was used must stay used, whatever happens to a server. */
function checkDurability(server: ServerFacts, hasSeveral: boolean): Finding {
  const id = "database_commit";
  if (!server.isSynced) {
    const what = "the server has fsync off";
    const why = "a power cut destroys the database, and used codes may be valid again";
    return problem(id, what, why, { command: "psql -c 'ALTER SYSTEM SET fsync = on'" });
  }
  const { synchronousCommit, synchronousStandbys } = server;
  if (hasSeveral && (synchronousStandbys === "" || synchronousCommit === "local")) {
    return warning(
      id,
      "the URL names several hosts, and the server replicates asynchronously",
      "another host that takes over may not know the last codes that were used, which are then valid " +
        "once more: set synchronous_standby_names, or accept it",
    );
  }
  if (synchronousCommit === "off") {
    const what = "the server has synchronous_commit off, and logins switch it on for themselves";
    return ok(id, what);
  }
  return ok(id, "what is committed outlives a crash of the server");
}

function checkClock({ aheadMs }: ServerFacts): Finding {
  const id = "database_clock";
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const what = `this machine's clock is ${seconds} s ${aheadMs > 0 ? "behind" : "ahead of"} ` +
    "the database's";
  const advice = { command: "timedatectl set-ntp true" };
  const why =
    "one of the two is wrong, and servers that share the database would judge codes, waits " +
    "and locks differently";
  if (Math.abs(aheadMs) >= CLOCK_MS.bad) return problem(id, what, why, advice);
  if (Math.abs(aheadMs) >= CLOCK_MS.doubtful) return warning(id, what, why, advice);
  return ok(id, "this machine's clock agrees with the database's");
}

function checkTime({ roundTripMs }: ServerFacts): Finding {
  const id = "database_time";
  const what = `a round trip to the database takes ${roundTripMs.toFixed(1)} ms`;
  if (roundTripMs < SLOW_TRIP_MS) return ok(id, what);
  return warning(id, what, "a login waits for several of them, one after the other");
}

/** A name as a shell takes it, if it needs no quotes; otherwise a word in its place. */
function quotedWord(name: string): string {
  return /^[A-Za-z0-9_][\w.-]*$/.test(name) ? name : "ROLE";
}
