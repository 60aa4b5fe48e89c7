import { openLogins } from "../src/store/open_store.ts";
import type { TestPostgres, TestPostgresDatabase } from "../tests/lab/postgres.ts";
import { placeOf } from "../tests/lab/postgres_store.ts";
import { ACTIVE_USERS } from "./enrolled_users.ts";
import { figure, median, quantile } from "./numbers.ts";
import { enrolUsers, loadDecisions } from "./postgres_users.ts";
import type { Section } from "./report.ts";
import { TimedLogins } from "./store_time.ts";

/** As many as the service has. */
const CONNECTIONS = 4;

/** So many rows of each outcome are kept, at most. */
const KEEPS_ALL = { totpAuditRows: "10000000" };

/** How large a database is. */
interface Size {
  users: number;
  decisions: number;
}

const SMALL: readonly Size[] = [{ users: 10, decisions: 0 }, { users: 10_000, decisions: 0 }];
const LARGE: readonly Size[] = [
  { users: 1_000_000, decisions: 0 },
  { users: 1_000_000, decisions: 10_000_000 },
];

/** What was measured on one database. */
interface Measured extends Size {
  database: TestPostgresDatabase;
  logins: TimedLogins;
  usersMs: number;
  decisionsMs: number;
  right: number[];
  wrong: number[];
  unenrolled: number[];
}

/** Measures what logins cost with few and many users and rows, and beside rows that are forgotten. */
export async function measureGrowth(postgres: TestPostgres, isQuick: boolean): Promise<Section[]> {
  const rounds = isQuick ? 20 : 100;
  using stack = new DisposableStack();
  const all: Measured[] = [];
  for (
    const size of isQuick ? [...SMALL, { users: 10_000, decisions: 100_000 }] : [...SMALL, ...LARGE]
  ) {
    all.push(await makeMeasured(postgres, size, stack));
  }
  await postgres.psql("CHECKPOINT");
  for (let round = -1; round < rounds; round++) {
    const user = ACTIVE_USERS[(round + 1) % ACTIVE_USERS.length]!;
    for (const { logins, right, wrong, unenrolled } of all) {
      const times = [
        await logins.right(user),
        await logins.wrong(user),
        await logins.unenrolled(),
      ] as const;
      // The first round only warms up.
      if (round < 0) continue;
      right.push(times[0]);
      wrong.push(times[1]);
      unenrolled.push(times[2]);
    }
  }
  return [growthSection(all, rounds), await measurePruning(all.at(-1)!, rounds)];
}

async function makeMeasured(
  postgres: TestPostgres,
  size: Size,
  stack: DisposableStack,
): Promise<Measured> {
  const database = await postgres.makeDatabase();
  const usersMs = await timeOf(() => enrolUsers(database, size.users));
  const decisionsMs = size.decisions === 0
    ? NaN
    : await timeOf(() => loadDecisions(database, size.decisions));
  await database.psql("VACUUM ANALYZE");
  const logins = stack.use(await openTimed(database, KEEPS_ALL));
  return { ...size, database, logins, usersMs, decisionsMs, right: [], wrong: [], unenrolled: [] };
}

async function openTimed(
  database: TestPostgresDatabase,
  settings: Record<string, string>,
): Promise<TimedLogins> {
  const options = { create: false, busyTimeoutMs: 0, connections: CONNECTIONS };
  const logins = await openLogins({ database: placeOf(database), ...options });
  return new TimedLogins(logins, settings);
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function growthSection(all: readonly Measured[], rounds: number): Section {
  const middle = all[1]!;
  return {
    title: "A login's cost against users and audit rows",
    text: [
      `The time of a login apart from PAM, in one process with the ${CONNECTIONS} connections of a ` +
      `service, over TCP (median of ${rounds}; the databases, on one server, take turns). “Ratio” ` +
      "compares with 10,000 users. “Loading” is how long the audit trail took, by COPY, and its " +
      "indexes.",
    ],
    head: [
      ...["users", "audit rows", "loading", "both steps", "ratio"],
      ...["wrong password", "ratio", "not enrolled", "ratio"],
    ],
    rows: all.map((one) => [
      one.users.toLocaleString("en-GB"),
      one.decisions.toLocaleString("en-GB"),
      figure(one.decisionsMs / 1000, "s"),
      figure(median(one.right), "ms"),
      figure(median(one.right) / median(middle.right)),
      figure(median(one.wrong), "ms"),
      figure(median(one.wrong) / median(middle.wrong)),
      figure(median(one.unenrolled), "ms"),
      figure(median(one.unenrolled) / median(middle.unenrolled)),
    ]),
  };
}

/** Logins that each forget 20 old rows of what they add, and logins that forget none, in turns. */
async function measurePruning(
  { database, users, decisions }: Measured,
  rounds: number,
): Promise<Section> {
  using keeping = await openTimed(database, KEEPS_ALL);
  using pruning = await openTimed(database, { totpAuditRows: String(decisions / 100) });
  // These begin at the present time, when the others' codes are still to come.
  await database.psql(
    "UPDATE openvpn_totp.enrolments SET last_step = NULL WHERE last_step IS NOT NULL; " +
      "DELETE FROM openvpn_totp.place_failures; DELETE FROM openvpn_totp.wrong_passwords",
  );
  const count = async () =>
    Number(await database.psql("SELECT count(*) FROM openvpn_totp.decisions"));
  const before = await count();
  const times = { keeping: [] as number[], pruning: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    for (const [i, [name, logins]] of Object.entries({ keeping, pruning }).entries()) {
      // Each has users of its own, whose codes the other has not used.
      const ms = await logins.right(ACTIVE_USERS[(2 * round + 2 + i) % ACTIVE_USERS.length]!);
      if (round >= 0) times[name as keyof typeof times].push(ms);
    }
  }
  const gone = before - await count();
  const row = (name: string, values: readonly number[]) => [
    name,
    ...[0.5, 0.95, 0.99].map((share) => figure(quantile(values, share), "ms")),
    figure(median(values) / median(times.keeping)),
  ];
  return {
    title: "Logins while old audit rows are forgotten",
    text: [
      `${users.toLocaleString("en-GB")} users and ${
        decisions.toLocaleString("en-GB")
      } audit rows, of ` +
      `which a hundredth may be kept of each outcome: each new row removes up to 20 old ones after its ` +
      `commit. Both steps of ${rounds} logins that do, in turns with as many that keep all rows ` +
      `(50, 95 and 99 % of them take no longer). ${
        gone.toLocaleString("en-GB")
      } fewer rows were there ` +
      "afterwards.",
    ],
    head: ["", "50 %", "95 %", "99 %", "ratio"],
    rows: [row("keeping all", times.keeping), row("forgetting", times.pruning)],
  };
}
