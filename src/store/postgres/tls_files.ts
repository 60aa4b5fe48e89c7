import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { TlsRule } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import { requirePrivate } from "../../system/trusted_path.ts";
import { messageOf } from "../../text/message_of.ts";

/** Where distributions keep the certificate authorities that the system trusts. */
const SYSTEMS_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** What TLS needs of files, as PEM. */
export interface TlsFiles {
  /** The authorities that a server's certificate may be of. */
  ca: string;
  /** The client's own certificate and its key, if it has one. */
  cert?: string;
  key?: string;
}

/**
 * Reads a rule's files, and makes sure that they can be used: where a socket's TLS gets others, the runtime
 * waits for ever, or ends the process.
 *
 * @throws Failure `file_error`, `untrusted_path`
 */
export function readTlsFiles({ rootCertificates, client }: TlsRule): TlsFiles {
  const ca = rootCertificates === "system"
    ? systemsAuthorities()
    : readAuthorities(rootCertificates);
  if (client === null) return { ca };
  const cert = readText(client.certificate, "sslcert");
  const key = readKey(client.key);
  requirePair({ cert, key }, client);
  return { ca, cert, key };
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

function readAuthorities(path: string): string {
  const ca = readText(path, "sslrootcert");
  if (!ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Failure("file_error", `${path} (sslrootcert) has no certificate: it must be PEM`);
  }
  try {
    // It takes the same way as a socket's TLS, but tells what is wrong.
    Deno.createHttpClient({ caCerts: [ca] }).close();
  } catch (error) {
    throw unfit(path, "sslrootcert", error);
  }
  return ca;
}

/** The key must be nobody else's to read. */
function readKey(path: string): string {
  requirePrivate(path);
  return readText(path, "sslkey");
}

/** A key that is not the certificate's would end the process: someone may be replacing both just now. */
function requirePair(
  { cert, key }: { cert: string; key: string },
  { certificate: certFile, key: keyFile }: { certificate: string; key: string },
): void {
  const der = part(certFile, "sslcert", () => firstOf(cert));
  const own = part(
    keyFile,
    "sslkey",
    () => createPublicKey(createPrivateKey(key) as never).export({ type: "spki", format: "der" }),
  );
  // The certificate has the public key as it is.
  if (!Buffer.from(der).includes(own)) {
    throw new Failure(
      "file_error",
      `the key in ${keyFile} (sslkey) is not that of the certificate in ${certFile} (sslcert)`,
    );
  }
  part(certFile, "sslcert", () => Deno.createHttpClient({ cert, key }).close());
}

/** The first certificate of a file, which is the client's own; those that follow lead to its authority. */
function firstOf(pem: string): Uint8Array {
  const [, base64] = pem.match(/-----BEGIN CERTIFICATE-----([^-]*)-----END/) ?? [];
  if (base64 === undefined) throw new Error("it has no certificate: it must be PEM");
  return Uint8Array.fromBase64(base64);
}

function part<T>(path: string, parameter: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unfit(path, parameter, error);
  }
}

/** @returns Failure, which repeats nothing of what is in the file */
function unfit(path: string, parameter: string, error: unknown): Failure {
  const what = `${path} (${parameter}) cannot be used: ${messageOf(error)}`;
  return new Failure("file_error", what);
}

function readText(path: string, parameter: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Failure("file_error", `cannot read ${path} (${parameter}): ${messageOf(error)}`);
  }
}
