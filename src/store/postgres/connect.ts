import { placeText, type PostgresHost, type PostgresPlace } from "../../core/database_place.ts";
import { Failure, PassingFailure } from "../../core/failure.ts";
import type { Row } from "./connection.ts";
import type { Deadline } from "./deadline.ts";
import { failureOf, isPasswordRefused, MissingPassword, passing } from "./errors.ts";
import { Link } from "./link.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { readPassFile } from "./pass_file.ts";
import { LOOK, type SessionLimits, sessionStart } from "./session.ts";
import { openSocket } from "./socket.ts";
import { secure, tlsOptions } from "./tls.ts";

/**
 * Connects to the first host that will do, and makes sure that the schema is one that this program can
 * use.
 *
 * @throws Failure that says what is wrong with each host
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
  throw errorOfHosts(reasons);
}

async function connectTo(
  host: PostgresHost,
  { place, limits, deadline }: {
    place: PostgresPlace;
    limits: SessionLimits;
    deadline: Deadline;
  },
): Promise<Link> {
  const { link, found } = await openLink(host, place, { start: sessionStart(limits), deadline });
  try {
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

/**
 * Opens a connection, whatever is in the database.
 *
 * @param start the statements that begin its session
 * @returns the connection, and the first row of what the last of the statements gave
 * @throws Failure, TooLate; what the server says, or what went wrong on the way
 */
export async function openLink(
  host: PostgresHost,
  { user, database, passFile, tls }: PostgresPlace,
  { start, deadline }: { start: string; deadline: Deadline },
): Promise<{ link: Link; found: Row | undefined }> {
  const options = tlsOptions(host, tls);
  const password = passFile === null ? null : readPassFile(passFile, { ...host, database, user });
  const socket = await openSocket(host, deadline);
  // A socket's directory belongs to the server's user; at a port, anybody may listen: without a
  // password, too, as there is nothing else that tells the server from others.
  const mustProve = options === null && !host.host.startsWith("/");
  const way = options === null ? socket : await secure(socket, options, deadline);
  const link = new Link(way, { user, database, password }, mustProve);
  try {
    const { rows: [found] } = await link.runAll(start, deadline);
    return { link, found };
  } catch (error) {
    link.close();
    throw password === null && isPasswordRefused(error) ? new MissingPassword(passFile) : error;
  }
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
        "openvpn-totp database init (older programs can use the tables afterwards, too)",
    );
  }
  if (oldest <= known) return;
  throw passing(
    "database_newer",
    place,
    `it has schema version ${version}, which programs for version ${oldest} and later can use, and ` +
      `this one is for version ${known}: install the newer openvpn-totp`,
  );
}

/**
 * Makes one error of those that hosts gave, at least one: what is wrong with each; the code is that of the
 * host that came nearest to being used.
 */
export function errorOfHosts(errors: readonly unknown[]): unknown {
  const failures = errors.filter((error) => error instanceof Failure);
  if (failures.length < errors.length) return errors.find((one) => !(one instanceof Failure));
  if (failures.length === 1) return failures[0];
  const nearest = failures.find(({ code }) => code !== "database_unreachable") ?? failures[0]!;
  return new PassingFailure(nearest.code, failures.map(({ message }) => message).join("; "));
}
