import assert from "node:assert/strict";
import { type Output, run } from "../lab/command.ts";
import { startPostgres } from "../lab/postgres.ts";
import { PROGRAM } from "../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";

testWith([...POSTGRES_LAB, "openssl"], "commands verify a PostgreSQL server", async () => {
  await using postgres = await startPostgres({ tls: { isRequired: true } });
  const database = await postgres.makeDatabase();
  const { rootFile, foreignRootFile } = postgres.certificates!;
  const list = (host: string, { root = rootFile, env = {}, sslmode = "verify-full" } = {}) => {
    const parameters = sslmode === "disable" ? { sslmode } : { sslmode, sslrootcert: root };
    const url = database.address({ hosts: [`${host}:${postgres.port}`], parameters });
    return run(PROGRAM, ["--database", url, "list"], {
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH")!, ...env },
    });
  };
  const refused = ({ status, stdout, stderr }: Output, words: RegExp) => {
    assert.match(stderr, words);
    assert.match(stderr, /^openvpn-totp: [^\n]*\n$/);
    assert.deepEqual([status, stdout], [1, ""]);
  };
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.deepEqual(await list(host), {
      status: 0,
      stdout: "No user is enrolled.\n",
      stderr: "",
    });
  }
  refused(await list("localhost", { sslmode: "disable" }), /no encryption/);
  refused(await list("localhost", { root: "/nowhere.crt" }), /\/nowhere\.crt \(sslrootcert\)/);
  await postgres.useCertificate({ names: ["localhost"] });
  refused(await list("127.0.0.1"), /not valid for name "127\.0\.0\.1"/);
  await postgres.useCertificate({ isExpired: true });
  refused(await list("localhost"), /certificate expired/);

  // Nobody else is trusted, whatever the runtime would trust by itself.
  await postgres.useCertificate({ isForeign: true });
  assert.equal((await list("localhost", { root: foreignRootFile })).status, 0);
  const env = { DENO_TLS_CA_STORE: "system,mozilla", SSL_CERT_FILE: foreignRootFile };
  refused(await list("localhost", { env }), /UnknownIssuer/);
});
