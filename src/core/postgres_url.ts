import { hasControl, quoted } from "../text/printable.ts";
import type { PostgresHost, PostgresPlace, TlsRule } from "./database_place.ts";

/** What a URL says of a {@link PostgresPlace}. */
export type PostgresAddress = Omit<PostgresPlace, "engine" | "timeoutMs">;

/** Longest URL, in characters. */
const MAX_LENGTH = 2000;

const DEFAULT_PORT = 5432;

/** The parameters that a URL may have; libpq's names. */
const PARAMETERS = [
  "host",
  "port",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "passfile",
  "target_session_attrs",
] as const;

type Parameters = Partial<Record<typeof PARAMETERS[number], string>>;

/** Says what is wrong with a URL; never the whole URL, as there may be a password in it. */
class Objection extends Error {}

/**
 * Reads the URL of a PostgreSQL database, in the form that libpq reads (PostgreSQL, "Connection URIs"),
 * as far as it is safe: without a password, and with no TLS that leaves the server's name unverified.
 *
 * @returns the address, or what is wrong with the URL, in words that may be printed
 */
export function parsePostgresUrl(
  url: string,
): { address: PostgresAddress } | { objection: string } {
  try {
    return { address: addressOf(url) };
  } catch (error) {
    if (error instanceof Objection) return { objection: error.message };
    throw error;
  }
}

/** Reads a URL of a PostgreSQL database as {@link parsePostgresUrl}; undefined if it is not allowed. */
export function postgresPlace(
  url: string,
  timeoutMs: number,
  passFile: string | null = null,
): PostgresPlace | undefined {
  const parsed = parsePostgresUrl(url);
  if ("objection" in parsed) return undefined;
  return {
    engine: "postgres",
    ...parsed.address,
    passFile: parsed.address.passFile ?? passFile,
    timeoutMs,
  };
}

function addressOf(url: string): PostgresAddress {
  const isLong = url.length > MAX_LENGTH;
  const parts = isLong || hasControl(url) || !url.isWellFormed()
    ? null
    : url.match(/^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#@]*)(?:\/([^?#/]*))?(?:\?([^#]*))?$/);
  if (!parts) throw new Objection("it does not have the form postgres://user@host/database");
  const [, user = "", hosts = "", database = "", query = ""] = parts;
  if (user.includes(":")) {
    throw new Objection(
      "it contains a password, which others could see: put it into a passfile",
    );
  }
  if (user === "") throw new Objection("it names no user");
  if (database === "") throw new Objection("it names no database");
  const parameters = parametersOf(query);
  const listening = hostsOf(hosts, parameters);
  return {
    hosts: listening,
    user: decoded(user),
    database: decoded(database),
    passFile: absolutePath("passfile", parameters.passfile),
    tls: tlsOf(listening, parameters),
    needsWrites: needsWrites(parameters.target_session_attrs),
  };
}

function parametersOf(query: string): Parameters {
  const parameters: Parameters = {};
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const [name, value] = [pair.split("=")[0]!, pair.split("=").slice(1).join("=")].map(decoded);
    const known = PARAMETERS.find((one) => one === name);
    if (known === undefined) throw new Objection(unknownParameter(name!));
    if (known in parameters) throw new Objection(`the parameter ${known} is given twice`);
    parameters[known] = value!;
  }
  return parameters;
}

function unknownParameter(name: string): string {
  if (name === "password") {
    return "it contains a password, which others could see: put it into a passfile";
  }
  if (name === "connect_timeout") {
    return "the parameter connect_timeout has no effect here: set totpDatabaseTimeout";
  }
  return `the parameter ${quoted(name)} is not known (known are ${PARAMETERS.join(", ")})`;
}

function hostsOf(authority: string, parameters: Parameters): PostgresHost[] {
  const { host, port } = parameters;
  if (authority !== "" && host !== undefined) {
    throw new Objection("it names hosts both before the database and as a parameter");
  }
  const named = host === undefined
    ? authority.split(",").map(authorityOf)
    : host.split(",").map((host) => ({ host, port: undefined }));
  if (port === undefined) return named.map(({ host, port }) => hostOf(host, port));
  if (named.some(({ port }) => port !== undefined)) {
    throw new Objection("it names ports both after hosts and as a parameter");
  }
  const ports = port.split(",");
  if (ports.length > 1 && ports.length !== named.length) {
    throw new Objection("it names neither one port for all hosts nor one for each");
  }
  return named.map(({ host }, i) => hostOf(host, ports.length > 1 ? ports[i] : ports[0]));
}

/** Takes apart a host and its port as they stand before the database. */
function authorityOf(text: string): { host: string; port: string | undefined } {
  const [, bracketed, plain, port] = text.match(/^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(.*))?$/) ?? [];
  if (bracketed !== undefined && isIpv6(bracketed)) return { host: bracketed, port };
  if (plain !== undefined && !port?.includes(":")) return { host: decoded(plain), port };
  // What stands there may have been meant as a password.
  throw new Objection("a host in it does not have the form HOST, HOST:PORT or [IPv6 address]:PORT");
}

function hostOf(host: string, port = String(DEFAULT_PORT)): PostgresHost {
  const isNamed = /^\/./.test(host) || /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(host) || isIpv6(host);
  if (!isNamed) {
    throw new Objection(
      host === ""
        ? "it names no host: give a name, an address, or host= with the directory of a socket"
        : `${quoted(host)} is neither a host's name, nor an address, nor the absolute path of a ` +
          "socket's directory",
    );
  }
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : NaN;
  if (!(number >= 1 && number <= 65_535)) {
    throw new Objection("a port in it is not a whole number from 1 to 65535");
  }
  return { host, port: number };
}

/** Zones are left out: which interface has a number may change. */
function isIpv6(host: string): boolean {
  return /^[0-9A-Fa-f:.]+$/.test(host) && host.includes(":") && URL.canParse(`http://[${host}]/`);
}

function tlsOf(hosts: readonly PostgresHost[], parameters: Parameters): TlsRule | null {
  const { sslrootcert, sslcert, sslkey } = parameters;
  const isHere = hosts.every(({ host }) => isLocal(host));
  const hasFiles = sslrootcert !== undefined || sslcert !== undefined || sslkey !== undefined;
  const sslmode = parameters.sslmode ?? (isHere && !hasFiles ? "disable" : "verify-full");
  if (sslmode !== "disable" && sslmode !== "verify-full") {
    throw new Objection(
      `sslmode is ${quoted(sslmode)}, expected verify-full (which verifies that it is the right ` +
        "server; the other modes do not) or disable",
    );
  }
  if (sslmode === "disable") {
    if (hasFiles) throw new Objection("it names certificates, but sslmode is disable");
    return null;
  }
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw new Objection("sslcert and sslkey belong together: one of them is missing");
  }
  return {
    rootCertificates: sslrootcert === undefined || sslrootcert === "system"
      ? "system"
      : absolutePath("sslrootcert", sslrootcert)!,
    client: sslcert === undefined ? null : {
      certificate: absolutePath("sslcert", sslcert)!,
      key: absolutePath("sslkey", sslkey)!,
    },
  };
}

/** Says whether a host is this machine, which nobody can put another in the place of. */
export function isLocal(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || isLoopbackIpv4(host);
}

/** Anything that is not quite such an address may be looked up as a name. */
function isLoopbackIpv4(host: string): boolean {
  const bytes = host.split(".");
  return bytes.length === 4 && bytes[0] === "127" &&
    bytes.every((byte) => /^(?:0|[1-9][0-9]{0,2})$/.test(byte) && Number(byte) <= 255);
}

function absolutePath(name: string, path: string | undefined): string | null {
  if (path === undefined) return null;
  if (path.startsWith("/") && !path.endsWith("/") && !hasControl(path)) return path;
  throw new Objection(`${name} is ${quoted(path)}, expected an absolute path to a file`);
}

function needsWrites(attributes = "read-write"): boolean {
  if (attributes === "read-write") return true;
  if (attributes === "any") return false;
  throw new Objection(
    `target_session_attrs is ${quoted(attributes)}, expected read-write or any`,
  );
}

function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text);
    if (!hasControl(plain)) return plain;
  } catch {
    // The same as one with control characters.
  }
  throw new Objection("a part of it is not well-formed percent-encoded UTF-8");
}
