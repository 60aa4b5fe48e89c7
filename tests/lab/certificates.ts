import { mustRun } from "./command.ts";

/** Makes a certificate authority in a directory: `ca.crt` and `ca.key`. */
export async function makeAuthority(directory: string): Promise<void> {
  await openssl(directory, "ca", []);
}

/** Makes a certificate for a common name: `NAME.crt` and `NAME.key`. */
export async function makeCertificate(
  directory: string,
  commonName: string,
): Promise<void> {
  await openssl(directory, commonName, [
    ...["-CA", `${directory}/ca.crt`, "-CAkey", `${directory}/ca.key`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ]);
}

async function openssl(
  directory: string,
  commonName: string,
  extra: string[],
): Promise<void> {
  await mustRun("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
    ...["-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-subj", `/CN=${commonName}`],
    ...["-keyout", `${directory}/${commonName}.key`],
    ...["-out", `${directory}/${commonName}.crt`],
    ...extra,
  ]);
}
