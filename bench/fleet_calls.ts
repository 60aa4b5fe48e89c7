import type { TestPostgres, TestPostgresDatabase } from "../tests/lab/postgres.ts";
import { playAttempt } from "../tests/lab/hook_call.ts";
import { base64, codeOf } from "../tests/lab/program.ts";
import { figure, median } from "./numbers.ts";
import { enrolPeople, type Person } from "./people.ts";
import { Rig } from "./rig.ts";
import type { Section } from "./report.ts";

/** How calls reach the database. */
interface Way {
  name: string;
  settings: Record<string, string>;
  refused: number[];
  password: number[];
  code: number[];
}

/** Measures hook calls, as whole processes, on PostgreSQL beside a file. */
export async function measureCalls(postgres: TestPostgres, isQuick: boolean): Promise<Section[]> {
  const rounds = isQuick ? 5 : 40;
  await using rig = await Rig.make(1);
  const database = await postgres.makeDatabase();
  const person = rig.people[0]!;
  await enrolPeople(["--database", database.url, "--key", rig.settings.totpKeyFile!], rig.people);
  const ways = waysTo(postgres, database).map(([name, settings]): Way => ({
    name,
    settings: { ...rig.settings, ...settings },
    refused: [],
    password: [],
    code: [],
  }));
  for (let round = -1; round < rounds; round++) {
    for (const way of ways) {
      await forget(rig, database);
      const times = await call(rig.directory, person, way.settings);
      // The first round only warms up.
      if (round < 0) continue;
      way.refused.push(times.refused);
      way.password.push(times.password);
      way.code.push(times.code);
    }
  }
  return [sectionOf(ways, rounds)];
}

/** The file comes first: the others are compared with it. */
function waysTo(
  { certificates }: TestPostgres,
  database: TestPostgresDatabase,
): [name: string, settings: Record<string, string>][] {
  const tls = { sslmode: "verify-full", sslrootcert: certificates!.rootFile };
  return [
    ["SQLite", {}],
    ["PostgreSQL, unix socket", { totpDatabase: database.socketUrl }],
    ["PostgreSQL, TCP with SCRAM", { totpDatabase: database.url }],
    ["PostgreSQL, TCP with TLS and SCRAM", { totpDatabase: database.address({ parameters: tls }) }],
  ];
}

async function forget(rig: Rig, { psql }: TestPostgresDatabase): Promise<void> {
  rig.forget();
  await psql(
    "UPDATE openvpn_totp.enrolments SET last_step = NULL; DELETE FROM openvpn_totp.place_failures",
  );
}

async function call(
  directory: string,
  { username, password, secret }: Person,
  settings: Record<string, string>,
): Promise<Record<"refused" | "password" | "code", number>> {
  const other = await playAttempt(directory, { ...settings, totpCommonName: "same" });
  const refused = await timed(() => other.password(username, password), 1);
  const attempt = await playAttempt(directory, settings);
  return {
    refused,
    password: await timed(() => attempt.password(username, password), 2),
    code: await timed(() => attempt.answer(base64(codeOf(secret))), 0),
  };
}

async function timed(work: () => Promise<{ status: number; stderr: string }>, status: number) {
  const start = performance.now();
  const output = await work();
  const ms = performance.now() - start;
  if (output.status === status) return ms;
  throw new Error(`a call gave ${output.status}, not ${status}: ${output.stderr}`);
}

function sectionOf(ways: readonly Way[], rounds: number): Section {
  const file = ways[0]!;
  const ratio = (own: readonly number[], other: readonly number[]) =>
    figure(median(own.map((ms, i) => ms / other[i]!)));
  return {
    title: "Hook calls on PostgreSQL beside SQLite",
    text: [
      `Whole processes, each of which opens a connection of its own: medians of ${rounds} rounds, in ` +
      "which all take turns, and the median of the ratios to SQLite within a round. “Refused” is a " +
      "password call that is refused before PAM, since the login name is not the certificate's: one " +
      "transaction. The password step asks PAM, and has two.",
    ],
    head: ["", "refused", "ratio", "password step", "ratio", "code step", "ratio"],
    rows: ways.map(({ name, refused, password, code }) => [
      name,
      ...[figure(median(refused), "ms"), ratio(refused, file.refused)],
      ...[figure(median(password), "ms"), ratio(password, file.password)],
      ...[figure(median(code), "ms"), ratio(code, file.code)],
    ]),
  };
}
