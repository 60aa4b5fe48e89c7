import assert from "node:assert/strict";
import { TOTP } from "otpauth";
import { mustRun } from "../lab/command.ts";
import { startPostgres } from "../lab/postgres.ts";
import { keyFileOf, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { Racers } from "../lab/racers.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";
import { report, times } from "./size.ts";

const PROCESSES = 20;
const STEP_MS = 30_000;

testWith(
  POSTGRES_LAB,
  "of twenty processes of two servers that send one code at once, one is let in, each time",
  async () => {
    await using postgres = await startPostgres();
    const database = await postgres.makeDatabase();
    await using directory = await makeTestDirectory();
    const keyFile = keyFileOf(directory.db);
    const place = ["--database", database.url, "--key", keyFile];
    const [, secret] = (await mustRun(PROGRAM, [...place, "enroll", "alice"])).split("\n");
    await using racers = new Racers(PROCESSES, { url: database.url, keyFile });
    const rounds = times(10);
    const start = Date.now() + STEP_MS;
    const took = performance.now();
    for (let round = 0; round < rounds; round++) {
      const now = start + round * STEP_MS;
      const asked = await racers.all(`ask ${now}`);
      assert.deepEqual(asked, asked.map(() => "challenged"), `round ${round}`);
      const code = new TOTP({ secret: secret! }).generate({ timestamp: now });
      const endings = (await racers.all(`answer ${code}`)).toSorted();
      const used = Array.from({ length: PROCESSES - 1 }, () => "refused code_used");
      assert.deepEqual(endings, ["accepted", ...used], `round ${round}`);
    }
    const seconds = (performance.now() - took) / 1000;
    report(`${rounds} rounds of ${PROCESSES} processes in ${seconds.toFixed(0)} s`);
    const books = await database.psql(
      "SELECT outcome, sum(count) FROM openvpn_totp.decisions GROUP BY outcome ORDER BY outcome",
    );
    assert.equal(
      books.trim(),
      `accepted|${rounds}\nchallenged|${rounds * PROCESSES}\nrefused|${rounds * (PROCESSES - 1)}`,
    );
  },
);
