import { placeText, type PostgresHost, type PostgresPlace } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import type { Row } from "./connection.ts";
import type { Deadline } from "./deadline.ts";
import { failureOf, passing } from "./errors.ts";
import { Link } from "./link.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { readPassFile } from "./pass_file.ts";
import { requireProof } from "./proven_server.ts";
import { LOOK, type SessionLimits, sessionStart } from "./session.ts";
import { openSocket } from "./socket.ts";
import { secure, tlsOptions } from "./tls.ts";

/**
 * Connects to the first host that will do, and makes sure that the schema is one that this program can
 * use.
 *
 * @throws Failure that says why the last host that answered will not do, or else the last one
 */
export async function connect(
  place: PostgresPlace,
  limits: SessionLimits,
  deadline: Deadline,
): Promise<Link> {
  const reasons: unknown[] = [];
  for (const [i, host] of place.hosts.entries()) {
    // One that says nothing must leave time for the others.
    const share = deadline.part(place.hosts.length - i);
    try {
      return await connectTo(host, { place, limits, deadline: share });
    } catch (error) {
      reasons.push(failureOf(error, placeText({ ...place, hosts: [host] })));
    }
  }
  throw reasons.length === 1 ? reasons[0] : allOf(reasons, place);
}

async function connectTo(
  host: PostgresHost,
  { place, limits, deadline }: {
    place: PostgresPlace;
    limits: SessionLimits;
    deadline: Deadline;
  },
): Promise<Link> {
  const link = await openLink(host, place, deadline);
  try {
    const { rows: [found] } = await link.runAll(sessionStart(limits), deadline);
    requireFit(found, { ...place, hosts: [host] });
    return link;
  } catch (error) {
    link.close();
    throw error;
  }
}

/**
 * Makes sure that a place will still do that a link was opened to: its server may have become a replica,
 * and a newer program may have changed the schema.
 *
 * @throws Failure; what the link throws
 */
export async function lookAgain(
  link: Link,
  place: PostgresPlace,
  deadline: Deadline,
): Promise<void> {
  const { rows: [found] } = await link.runAll(LOOK, deadline);
  requireFit(found, place);
}

/** @param found what {@link LOOK} gave */
function requireFit(found: Row | undefined, place: PostgresPlace): void {
  const text = placeText(place);
  if (place.needsWrites && found?.read_only === "on") {
    const what = "it takes no writes: it is a replica, or read-only";
    throw passing("database_readonly", text, what);
  }
  requireSchema(found, text);
}

/** Opens a connection, whatever is in the database. */
export async function openLink(
  host: PostgresHost,
  { user, database, passFile, tls }: PostgresPlace,
  deadline: Deadline,
): Promise<Link> {
  const options = tlsOptions(host, tls);
  const password = passFile === null ? null : readPassFile(passFile, { ...host, database, user });
  const socket = await openSocket(host, deadline);
  // A socket's directory belongs to the server's user; at a port, anybody may listen.
  const isAnybodys = options === null && !host.host.startsWith("/");
  if (isAnybodys && password !== null) requireProof(socket);
  const way = options === null ? socket : await secure(socket, options, deadline);
  return new Link(way, { user, database, password });
}

/**
 * Makes sure that this program can use a schema.
 *
 * @param found what the table of its version has
 * @param known the version that this program knows
 * @throws Failure `database_missing`, `database_older`, `database_newer`
 */
export function requireSchema(
  found: Row | undefined,
  place: string,
  known = SCHEMA_VERSION,
): void {
  const [version, oldest] = [Number(found?.version), Number(found?.oldest_program)];
  if (!(version >= 1)) {
    throw passing("database_missing", place, "it has no tables: run openvpn-totp database init");
  }
  if (version < known) {
    throw passing(
      "database_older",
      place,
      `it has schema version ${version}, and this program needs ${known}: run ` +
        "openvpn-totp database init (programs of before go on with it)",
    );
  }
  if (oldest <= known) return;
  throw passing(
    "database_newer",
    place,
    `it has schema version ${version}, which programs for version ${oldest} and later can use, and ` +
      `this one is for ${known}: install the newer openvpn-totp`,
  );
}

/** Several hosts: what is wrong with each; the code of the one that came nearest to being used. */
function allOf(reasons: readonly unknown[], place: PostgresPlace): unknown {
  const failures = reasons.filter((reason) => reason instanceof Failure);
  if (failures.length < reasons.length) return reasons.find((one) => !(one instanceof Failure));
  const nearest = failures.find(({ code }) => code !== "database_unreachable") ?? failures[0]!;
  return passing(nearest.code, placeText(place), failures.map(({ message }) => message).join("; "));
}
