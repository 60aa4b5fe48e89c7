import process from "node:process";
import type { ConnectionOptions } from "node:tls";
import type { PostgresHost, TlsRule } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import { messageOf } from "../../text/message_of.ts";
import { requirePrivate } from "../../system/trusted_path.ts";

/** Where distributions keep the certificate authorities that the system trusts. */
const SYSTEMS_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * What TLS needs to know: the server's certificate must be of one of the authorities, and for its host.
 *
 * @returns null where the connection has no TLS
 * @throws Failure `file_error`, `untrusted_path` for certificates that cannot be used
 */
export function tlsOptions(host: PostgresHost, rule: TlsRule | null): ConnectionOptions | null {
  if (rule === null || host.host.startsWith("/")) return null;
  trustNothingElse();
  // Names of servers that are IP addresses are not sent, but verified all the same: no word about it.
  Object.assign(process, { noDeprecation: true });
  const { rootCertificates, client } = rule;
  return {
    servername: host.host,
    ca: rootCertificates === "system"
      ? systemsAuthorities()
      : readText(rootCertificates, "sslrootcert"),
    rejectUnauthorized: true,
    ...client === null ? {} : {
      cert: readText(client.certificate, "sslcert"),
      key: readKey(client.key),
    },
  };
}

/**
 * Deno trusts its own list of authorities beside those that it is given, and one more that the
 * environment names: any of them could put another server in the place of the right one. It reads these
 * variables when a process first uses TLS; a comma is a list of no store.
 */
function trustNothingElse(): void {
  Deno.env.set("DENO_TLS_CA_STORE", ",");
  Deno.env.delete("DENO_CERT");
}

function systemsAuthorities(): string {
  for (const path of SYSTEMS_AUTHORITIES) {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      // Another distribution's.
    }
  }
  throw new Failure(
    "file_error",
    "the system's certificate authorities are in none of the known places: name a file (sslrootcert)",
  );
}

/** The key must be nobody else's to read. */
function readKey(path: string): string {
  requirePrivate(path);
  return readText(path, "sslkey");
}

function readText(path: string, parameter: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Failure("file_error", `cannot read ${path} (${parameter}): ${messageOf(error)}`);
  }
}
