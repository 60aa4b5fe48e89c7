import { DatabaseSync } from "node:sqlite";
import { FakeHelpers, pamWith } from "../tests/lab/fake_helpers.ts";
import { FakeOpenvpn } from "../tests/lab/fake_openvpn.ts";
import { Lines } from "../tests/lab/lines.ts";
import type { TestPostgres, TestPostgresDatabase } from "../tests/lab/postgres.ts";
import { codeOf, keyFileOf, makeTestDirectory, on } from "../tests/lab/program.ts";
import { Serve } from "../tests/lab/serve.ts";
import { type NewUser, newUser } from "../tests/lab/enrol_many.ts";
import { figure, quantile } from "./numbers.ts";
import { enrolPeople } from "./people.ts";
import { conflictsIn } from "./postgres_rig.ts";
import type { Section } from "./report.ts";

const AT_ONCE = [1, 10, 100];
const PASSWORD = "correct horse";
const CLIENT = { IV_SSO: "webauth,crtext", untrusted_port: "1194" };

/** Where everybody comes from: each from a network of their own, or all from one address. */
type Addresses = "their own" | "one for all";

/** A service between a scripted OpenVPN and a scripted PAM. */
interface Served extends AsyncDisposable {
  openvpn: FakeOpenvpn;
  log: Lines;
}

/** What services are measured on. */
interface Setting {
  directory: string;
  name: string;
  /** The lines of their settings that say where the database is. */
  settings: readonly string[];
  /** How many services share it. */
  services: number;
  /** Has everybody be as if they had never logged in. */
  forget(): Promise<void>;
  postgres: TestPostgres | null;
}

/** What came of one series of logins. */
interface Series {
  ms: number;
  logins: number[];
  refused: number;
  conflicts: number;
}

/** Measures a service's logins per second on PostgreSQL beside a file. */
export async function measureRates(postgres: TestPostgres): Promise<Section[]> {
  await using directory = await makeTestDirectory();
  const users = Array.from({ length: 100 }, (_, n) => newUser(`user${n}`));
  const people = users.map((user) => ({ ...user, password: PASSWORD }));
  const key = keyFileOf(directory.db);
  await enrolPeople(on(directory.db), people);
  const database = await postgres.makeDatabase();
  await enrolPeople(["--database", database.url, "--key", key], people);
  const own = { directory: directory.path, services: 1 };
  const file: Setting = {
    ...own,
    name: "SQLite",
    settings: [`totpTokenDbPath ${directory.db}`, `totpKeyFile ${key}`],
    forget: () => forgetIn(directory.db),
    postgres: null,
  };
  const onServer = (name: string, url: string, services = 1): Setting => ({
    ...own,
    name,
    services,
    settings: [`totpDatabase ${url}`, `totpKeyFile ${key}`],
    forget: () => forgetOn(database),
    postgres,
  });
  const rows: string[][] = [];
  for (
    const setting of [
      file,
      onServer("PostgreSQL, unix socket", database.socketUrl),
      onServer("PostgreSQL, TCP", database.url),
      onServer("PostgreSQL, two services", database.url, 2),
    ]
  ) {
    for (const addresses of ["their own", "one for all"] as const) {
      rows.push(...await measure(setting, users, addresses));
    }
  }
  return [sectionOf(rows, users.length)];
}

async function measure(
  setting: Setting,
  users: readonly NewUser[],
  addresses: Addresses,
): Promise<string[][]> {
  const rows: string[][] = [];
  await using stack = new AsyncDisposableStack();
  const services: Served[] = [];
  for (let i = 0; i < setting.services; i++) services.push(stack.use(await startService(setting)));
  for (const atOnce of AT_ONCE) {
    await setting.forget();
    const { ms, logins, refused, conflicts } = await run(setting, services, {
      users,
      atOnce,
      addresses,
    });
    rows.push([
      setting.name,
      addresses,
      String(atOnce),
      figure(1000 * logins.length / ms),
      ...[0.5, 0.95, 0.99].map((share) => figure(quantile(logins, share), "ms")),
      String(refused),
      setting.postgres === null ? "–" : String(conflicts),
    ]);
  }
  return rows;
}

/** Has users log in, some of them at any time, by the services in turns. */
async function run(
  { postgres }: Setting,
  services: readonly Served[],
  { users, atOnce, addresses }: {
    users: readonly NewUser[];
    atOnce: number;
    addresses: Addresses;
  },
): Promise<Series> {
  const from = postgres?.log.seen.length ?? 0;
  const series = { logins: [] as number[], refused: 0 };
  const left = [...users.entries()];
  const start = performance.now();
  const worker = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [n, user] = next;
      const address = addresses === "one for all" ? "192.0.2.1" : `10.${n >> 8}.${n & 255}.1`;
      const begun = performance.now();
      const isIn = await logIn(services[n % services.length]!, user, address);
      if (isIn) series.logins.push(performance.now() - begun);
      else series.refused++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const ms = performance.now() - start;
  return { ...series, ms, conflicts: postgres === null ? 0 : conflictsIn(postgres, from) };
}

let clients = 0;

async function logIn(
  { openvpn }: Served,
  { username, secret }: NewUser,
  address: string,
): Promise<boolean> {
  const client = String(clients++);
  const key = `${client} 1`;
  const more = { ...CLIENT, untrusted_ip: address, common_name: username };
  openvpn.logIn(key, username, PASSWORD, more);
  if ((await openvpn.word(key))[0] !== "client-pending-auth") return false;
  openvpn.answer(key, codeOf(secret), username, more);
  const isIn = (await openvpn.word(key))[0] === "client-auth-nt";
  openvpn.leave(client);
  return isIn;
}

async function startService({ directory, settings }: Setting): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const own = await Deno.makeTempDir({ dir: directory });
  const openvpn = stack.use(FakeOpenvpn.start(`${own}/management.sock`));
  stack.use(FakeHelpers.start(`${own}/pam.sock`, pamWith(PASSWORD)));
  const file = `${own}/serve.conf`;
  const lines = [...settings, "totpDriftSteps 10", "totpFreePasswords 100", ""];
  await Deno.writeTextFile(file, lines.join("\n"));
  const log = new Lines("the service");
  stack.use(
    await Serve.start([
      ...["--management", openvpn.address, "--settings", file],
      ...["--pam-socket", `${own}/pam.sock`],
    ], { log }),
  );
  await openvpn.connected;
  const rest = stack.move();
  return { openvpn, log, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

const FORGET = ["place_failures", "wrong_passwords", "known_places", "challenges"] as const;

function forgetIn(path: string): Promise<void> {
  using database = new DatabaseSync(path, { timeout: 10_000 });
  const deletes = FORGET.map((table) => `DELETE FROM ${table};`).join("");
  database.exec(`UPDATE enrolments SET last_step = NULL; ${deletes}`);
  return Promise.resolve();
}

async function forgetOn({ psql }: TestPostgresDatabase): Promise<void> {
  const deletes = FORGET.map((table) => `DELETE FROM openvpn_totp.${table};`).join("");
  await psql(`UPDATE openvpn_totp.enrolments SET last_step = NULL; ${deletes}`);
  await psql("VACUUM ANALYZE");
}

function sectionOf(rows: string[][], users: number): Section {
  return {
    title: "A service's logins per second on PostgreSQL",
    text: [
      `${users} users log in, with a right password and a right code; 1, 10 or 100 of them are knocking ` +
      "at any time. OpenVPN and PAM are scripts, which cost nothing, so that the databases show. " +
      "“Refused” are logins that were not let in, and “tried again” the transactions that PostgreSQL " +
      "failed because of others at the same moment. Everybody comes from a network of their own, or " +
      "all from one address.",
    ],
    head: [
      ...["", "addresses", "at once", "logins/s", "50 %", "95 %", "99 %"],
      ...["refused", "tried again"],
    ],
    rows,
  };
}
