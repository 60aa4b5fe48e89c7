import assert from "node:assert/strict";
import { startPostgres } from "../../../lab/postgres.ts";
import { AlicesLogins, enrolAlice, inShort } from "../../../lab/postgres_logins.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

/** How a database of other programs may have values written. */
const FOREIGN = {
  bytea_output: "escape",
  extra_float_digits: "-15",
  array_nulls: "off",
  standard_conforming_strings: "off",
};

testWith(POSTGRES_LAB, "a database's settings do not change what is stored and read", async () => {
  await using postgres = await startPostgres();
  const database = await postgres.makeDatabase();
  for (const [name, value] of Object.entries(FOREIGN)) {
    await database.psql(`ALTER DATABASE ${database.name} SET ${name} = '${value}'`);
  }
  await enrolAlice(database.url);
  using logins = await AlicesLogins.open(database.url, { timeoutMs: 60_000 });
  assert.equal(inShort(await logins.password("a")), "challenged crtext");
  assert.equal(inShort(await logins.code("a")), "accepted code");
  assert.equal(inShort(await logins.password("b")), "challenged crtext");
  assert.equal(inShort(await logins.code("b")), "refused code_used");

  // Quiet time takes a fraction of a failure back.
  for (const password of ["wrong", "wrong!", "wrong!!", "wrong!!!"]) {
    logins.now += 71_003;
    assert.equal(inShort(await logins.password(password, password)), "refused wrong_password");
  }
  const levels = await database.psql(
    `SET extra_float_digits = 1;
     SELECT level FROM openvpn_totp.place_failures WHERE place LIKE 'known %'`,
  );
  assert.match(levels, /^3\.2899/m);
});
