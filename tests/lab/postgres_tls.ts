import { mustRun } from "./command.ts";
import { makeServersDirectory, type PostgresHome } from "./postgres_home.ts";

/** A server's certificate, and whom the server lets in by TLS. */
export interface PostgresTls {
  /** Names and addresses in the certificate; otherwise `localhost` and both loopback addresses. */
  names?: readonly string[];
  /** Whether the certificate has expired. */
  isExpired?: boolean;
  /** Whether an authority has signed it that nobody trusts. */
  isForeign?: boolean;
  /** Whether the server refuses roles that come over TCP without TLS. */
  isRequired?: boolean;
  /** Whether roles show a certificate with their name instead of a password. */
  asksClients?: boolean;
}

const LOOPBACK = ["localhost", "127.0.0.1", "::1"];

/** When an expired certificate was valid, and when any other is, as openssl-ca(1) reads it. */
const EXPIRED = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
const VALID = ["-days", "2"];

/** The authorities and certificates of a server. */
export class PostgresCertificates {
  /** The file with the authority that clients should trust. */
  readonly rootFile: string;
  /** The file with an authority that has signed nothing, unless the server's certificate is foreign. */
  readonly foreignRootFile: string;
  readonly #home: PostgresHome;
  readonly #server: string;

  private constructor(home: PostgresHome, server: string) {
    this.#home = home;
    this.#server = server;
    this.rootFile = `${home.path}/authority/ca.crt`;
    this.foreignRootFile = `${home.path}/foreign/ca.crt`;
  }

  /** Makes two authorities in the servers' home, and a directory for what the server reads. */
  static async make(home: PostgresHome): Promise<PostgresCertificates> {
    for (const name of ["authority", "foreign"]) await makeAuthority(`${home.path}/${name}`, name);
    return new PostgresCertificates(home, await makeServersDirectory(home, "server_tls", 0o711));
  }

  /** Makes the server's certificate, which takes the place of an earlier one. */
  async makeServers({ names = LOOPBACK, isExpired, isForeign }: PostgresTls): Promise<void> {
    const authority = `${this.#home.path}/${isForeign ? "foreign" : "authority"}`;
    await sign(authority, { name: "server", alternatives: names, isExpired: isExpired === true });
    for (const file of ["server.crt", "server.key"]) {
      await this.#give(`${authority}/${file}`, file);
    }
    await this.#give(this.rootFile, "ca.crt");
  }

  /** Makes a client's certificate. */
  async makeClients(
    name: string,
    { isForeign = false, isExpired = false } = {},
  ): Promise<{ certificate: string; key: string }> {
    const authority = `${this.#home.path}/${isForeign ? "foreign" : "authority"}`;
    await sign(authority, { name, alternatives: [], isExpired });
    return { certificate: `${authority}/${name}.crt`, key: `${authority}/${name}.key` };
  }

  /** Lines of the server's configuration. */
  settings(): Record<string, string> {
    return {
      ssl: "on",
      ssl_cert_file: `${this.#server}/server.crt`,
      ssl_key_file: `${this.#server}/server.key`,
      ssl_ca_file: `${this.#server}/ca.crt`,
    };
  }

  /** Gives the server a file of its own, which it may read. */
  async #give(from: string, name: string): Promise<void> {
    const file = `${this.#server}/${name}`;
    await Deno.copyFile(from, file);
    await Deno.chmod(file, 0o600);
    const { account } = this.#home;
    if (account !== null) await Deno.chown(file, account.uid, account.gid);
  }
}

/** What a certificate says. */
interface Subject {
  name: string;
  alternatives: readonly string[];
  isExpired: boolean;
}

async function makeAuthority(directory: string, name: string): Promise<void> {
  await Deno.mkdir(directory);
  await Deno.writeTextFile(`${directory}/index.txt`, "");
  await Deno.writeTextFile(
    `${directory}/ca.cnf`,
    `[ca]\ndefault_ca = lab\n[lab]\nnew_certs_dir = ${directory}\ndatabase = ${directory}/index.txt\n` +
      `rand_serial = yes\nunique_subject = no\ndefault_md = sha256\npolicy = any\n` +
      `[any]\ncommonName = supplied\n`,
  );
  await mustRun("openssl", [
    ...["req", "-x509", "-days", "2", "-subj", `/CN=${name}`],
    ...newKey(`${directory}/ca`),
    ...["-out", `${directory}/ca.crt`],
  ]);
}

/** Makes `NAME.crt` and `NAME.key` in the authority's directory. */
async function sign(directory: string, { name, alternatives, isExpired }: Subject): Promise<void> {
  const path = `${directory}/${name}`;
  await mustRun("openssl", [
    ...["req", "-new", "-subj", `/CN=${name}`, ...newKey(path), "-out", `${path}.csr`],
  ]);
  await Deno.writeTextFile(`${path}.ext`, extensionsOf(alternatives));
  await mustRun("openssl", [
    ...["ca", "-batch", "-notext", "-config", `${directory}/ca.cnf`, "-extfile", `${path}.ext`],
    ...["-cert", `${directory}/ca.crt`, "-keyfile", `${directory}/ca.key`],
    ...["-in", `${path}.csr`, "-out", `${path}.crt`, ...isExpired ? EXPIRED : VALID],
  ]);
}

function newKey(path: string): string[] {
  return [
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", `${path}.key`],
  ];
}

function extensionsOf(alternatives: readonly string[]): string {
  const names = alternatives.map((name) => /^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`);
  const lines = ["basicConstraints = critical, CA:FALSE"];
  if (names.length > 0) lines.push(`subjectAltName = ${names.join(", ")}`);
  return lines.join("\n") + "\n";
}
