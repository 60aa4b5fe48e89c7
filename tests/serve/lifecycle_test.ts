import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { admin, PROGRAM } from "../lab/program.ts";
import { run } from "../lab/command.ts";
import { get } from "../lab/http_request.ts";
import { Serve } from "../lab/serve.ts";
import { CLIENT, PASSWORD, ServiceRig } from "../lab/service_rig.ts";

Deno.test("the service connects again when OpenVPN has gone, and an answer finds its challenge", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  await server.hangUp();
  await server.connected;
  assert.equal(server.connections, 2);
  server.answer("0 1", code(), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-auth-nt");
});

Deno.test("an OpenVPN that was started anew has other clients, though their ids are the same", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  await server.hangUp();
  await server.connected;
  server.variables = { ...server.variables, daemon_pid: "4712" };
  server.answer("0 1", code(), "alice", CLIENT);
  await rig.log.waitFor(/step=code outcome=refused reason=no_challenge/);
});

Deno.test("a service that was killed between challenge and answer judges the answer when it is back", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  await rig.challenge("1 1", "alice");
  server.answer("1 1", code(), "alice", CLIENT);
  assert.equal((await server.word("1 1"))[0], "client-auth-nt");
  await rig.kill();
  await rig.begin();
  // Neither cut off nor let in a second time.
  server.answer("1 1", code(1), "alice", CLIENT);
  server.answer("0 1", code(1), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-auth-nt");
  assert.equal(server.stateOf("1 1"), "in");
  assert.deepEqual(server.mistakes, []);
});

Deno.test("a connected client isn't cut off by an answer to a new service that can't decide", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  server.answer("0 1", code(), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-auth-nt");
  await rig.kill();
  await Deno.rename(rig.db, `${rig.db}.away`);
  await rig.begin();
  server.answer("0 1", code(1), "alice", CLIENT);
  await rig.log.waitFor(/step=code outcome=refused reason=failure .*database_missing/);
  server.logIn("1 1", "alice", PASSWORD, CLIENT);
  assert.equal((await server.word("1 1"))[0], "client-deny");
  assert.equal(server.stateOf("0 1"), "in");
});

Deno.test("the service says so where another client has OpenVPN's management interface", async () => {
  await using rig = await ServiceRig.start({
    until: (rig) => rig.server.connected,
  });
  // The scripted OpenVPN has one client at a time, too.
  await using second = await Serve.start([
    ...["--management", rig.server.address],
    ...["--settings", `${rig.directory}/serve.conf`, "--pam-socket", `${rig.directory}/pam.sock`],
  ]);
  await second.log.waitFor(/event="not connected" detail="OpenVPN says nothing: another /);
});

Deno.test("the service answers the hold, and gives OpenVPN the password that it asks for", async () => {
  const managementPassword = 'pass "word" of \\ sockets';
  await using without = await ServiceRig.start({
    managementPassword,
    args: ["--management-password", "DIRECTORY/nothing"],
    until: (rig) => rig.log.waitFor(/event="no password for OpenVPN"/).then(() => {}),
  });
  assert.equal(without.server.commands.length, 0);
  await using rig = await ServiceRig.start({
    managementPassword,
    args: ["--management-password", "DIRECTORY/password"],
    files: { password: `${managementPassword}\nsecond line` },
  });
  rig.server.say(">HOLD:Waiting for hold release:0\r\n");
  await rig.enrol("alice");
  assert.equal((await rig.challenge("0 1", "alice"))[0], "client-pending-auth");
  assert(rig.server.commands.includes("hold release"));
  assert(!rig.log.seen.some((line) => line.includes(managementPassword)));
});

Deno.test("the service connects to a port of the loopback address, with a password", async () => {
  await using rig = await ServiceRig.start({
    servers: 2,
    isTcp: true,
    managementPassword: "secret",
    args: ["--management-password", "DIRECTORY/password"],
    files: { password: "secret" },
  });
  await rig.enrol("alice");
  for (const server of rig.servers) {
    assert.equal((await rig.challenge("0 1", "alice", server))[0], "client-pending-auth");
  }
});

Deno.test("SIGTERM lets what runs end, and takes nothing new", async () => {
  const goOn = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using rig = await ServiceRig.start({
    args: ["--helpers", "2"],
    async pam(request) {
      if (request.username === "slow") {
        asked.resolve();
        await goOn.promise;
      }
      return { result: { outcome: "passed", username: request.username } };
    },
  });
  const { server } = rig;
  await rig.enrol("slow");
  server.logIn("0 1", "slow", PASSWORD, CLIENT);
  await asked.promise;
  rig.serve.signal("SIGTERM");
  await rig.log.waitFor(/event=stopping/);
  server.logIn("1 1", "slow", PASSWORD, CLIENT);
  assert.match((await server.word("1 1"))[4]!, /^TEMP\[/);
  await rig.log.waitFor(/step=password .*reason=busy .*detail="the service is stopping"/);
  goOn.resolve();
  assert.equal((await server.word("0 1"))[0], "client-pending-auth");
  assert.equal((await rig.serve.status).code, 0);
});

Deno.test("a second SIGTERM refuses what has not ended yet", async () => {
  const asked = Promise.withResolvers<void>();
  await using rig = await ServiceRig.start({
    pam() {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const { server } = rig;
  await rig.enrol("alice");
  server.logIn("0 1", "alice", PASSWORD, CLIENT);
  await asked.promise;
  rig.serve.signal("SIGTERM");
  await rig.log.waitFor(/event=stopping/);
  rig.serve.signal("SIGTERM");
  assert.match((await server.word("0 1"))[4]!, /^TEMP\[/);
  assert.equal((await rig.serve.status).code, 0);
});

Deno.test("SIGHUP has the settings read again, and bad ones leave them as they were", async () => {
  await using rig = await ServiceRig.start();
  const file = `${rig.directory}/serve.conf`;
  const settings = await Deno.readTextFile(file);
  await rig.enrol("alice");
  await Deno.writeTextFile(file, `${settings}totpChallengeText Code, please\n`);
  rig.serve.signal("SIGHUP");
  await rig.log.waitFor(/event="settings read again"/);
  assert.equal((await rig.challenge("0 1", "alice"))[3], "CR_TEXT:R,E:Code, please");
  for (const [i, bad] of ["totpNoSuch 1", "totpDriftSteps 11", "nonsense"].entries()) {
    await Deno.writeTextFile(file, `${settings}${bad}\n`);
    const from = rig.log.seen.length;
    rig.serve.signal("SIGHUP");
    await rig.log.waitFor(
      /event="settings left as they were" detail=.*(NoSuch|Drift|nonsense)/,
      from,
    );
    assert.equal((await rig.challenge(`${i + 1} 1`, "alice"))[3], "CR_TEXT:R,E:Code, please");
  }
});

Deno.test("a bad setting, an unknown one, or one from a file of others stops the start", async () => {
  for (const bad of ["totpDriftSteps many", "totpNoSuch 1", "totpDriftSteps 1\ntotpDriftSteps 2"]) {
    await assert.rejects(ServiceRig.start({ settings: [bad] }), /totpDriftSteps|totpNoSuch/);
  }
  await using rig = await ServiceRig.start();
  await Deno.chmod(`${rig.directory}/serve.conf`, 0o666);
  const { status, stderr } = await run(PROGRAM, [
    ...["serve", "--management", "/nowhere", "--settings", `${rig.directory}/serve.conf`],
  ]);
  assert.equal(status, 1);
  assert.match(stderr, /serve\.conf/);
});

Deno.test("a database that is locked keeps nobody from asking how the service is", async () => {
  await using rig = await ServiceRig.start({ args: ["--status", "DIRECTORY/status.sock"] });
  await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  using other = new DatabaseSync(rig.db);
  other.exec("BEGIN EXCLUSIVE");
  // One answer may come between two things that a login does, five come only while it waits. It waits
  // for two seconds; where that was too short for them, another login is tried.
  let answers = 0;
  for (let client = 1; answers < 5 && client <= 10; client++) {
    const key = `${client} 1`;
    rig.server.logIn(key, "alice", PASSWORD, CLIENT);
    const refused = rig.server.word(key).then(() => true);
    answers = 0;
    while (answers < 5 && !await Promise.race([refused, false])) {
      if (await loginsInFlight(rig) > 0) answers++;
    }
  }
  assert(answers >= 5, "nobody was answered while a login waited");
  other.exec("ROLLBACK");
  assert.equal((await rig.challenge("20 1", "alice"))[0], "client-pending-auth");
});

Deno.test("the service goes on with a database that was put in the place of another", async () => {
  await using rig = await ServiceRig.start();
  await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  await Deno.rename(rig.db, `${rig.db}.old`);
  rig.server.logIn("1 1", "alice", PASSWORD, CLIENT);
  assert.equal((await rig.server.word("1 1"))[0], "client-deny");
  await rig.log.waitFor(/database_missing/);
  await rig.enrol("bob");
  assert.equal((await rig.challenge("2 1", "bob"))[0], "client-pending-auth");
  const { stdout } = await admin(rig.db, ["log"]);
  assert.match(stdout, /challenged +crtext +bob/);
});

Deno.test("beyond --max-logins, clients are told to come back, and nothing else happens", async () => {
  const goOn = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let requests = 0;
  await using rig = await ServiceRig.start({
    args: ["--max-logins", "3", "--helpers", "3"],
    async pam({ username }) {
      if (++requests === 3) asked.resolve();
      await goOn.promise;
      return { result: { outcome: "passed", username } };
    },
  });
  const { server } = rig;
  const users = ["a", "b", "c", "d"];
  for (const user of users) await rig.enrol(user);
  for (const [i, user] of users.slice(0, 3).entries()) {
    server.logIn(`${i} 1`, user, PASSWORD, { ...CLIENT, untrusted_ip: `192.0.2.${i}` });
  }
  await asked.promise;
  server.logIn("3 1", "d", PASSWORD, { ...CLIENT, untrusted_ip: "192.0.2.9" });
  assert.match((await server.word("3 1"))[4]!, /^TEMP\[backoff \d+,advance no\]: /);
  await rig.log.waitFor(/reason=busy user=d /);
  goOn.resolve();
  for (const i of [0, 1, 2]) {
    assert.equal((await server.word(`${i} 1`))[0], "client-pending-auth");
  }
  server.logIn("4 1", "d", PASSWORD, { ...CLIENT, untrusted_ip: "192.0.2.9" });
  assert.equal((await server.word("4 1"))[0], "client-pending-auth");
  assert.equal(requests, 4);
});

Deno.test("a helper that ends in the middle refuses one login, and the next has another helper", async () => {
  await using rig = await ServiceRig.start();
  const answers = rig.helpers.pam;
  rig.helpers.pam = (request, password) => password === "crash" ? null : answers(request, password);
  await rig.enrol("alice");
  rig.server.logIn("0 1", "alice", "crash", CLIENT);
  assert.deepEqual(await rig.server.word("0 1"), ["client-deny", "0", "1", "refused"]);
  await rig.log.waitFor(/reason=pam_error/);
  assert.equal((await rig.challenge("1 1", "alice"))[0], "client-pending-auth");
});

Deno.test("10 MB of garbage leave the service as it was", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  await rig.enrol("alice");
  const before = await residentOf(rig.serve.pid);
  const words = [
    ">CLIENT:CONNECT,1,1\r\n",
    ">CLIENT:ENV,password=x\r\n",
    "\xff\xfe\0",
    ">LOG:1,,x\r\n",
  ];
  const chunk = words.concat(["SUCCESS: x\r\n", "END\r\n", "ENTER PASSWORD:", "a".repeat(5000)])
    .join("");
  for (let sent = 0; sent < 10_000_000; sent += chunk.length) server.say(chunk);
  server.say("\r\n");
  server.variables = { ...server.variables };
  assert.equal((await rig.challenge("0 1", "alice"))[0], "client-pending-auth");
  const grown = await residentOf(rig.serve.pid) - before;
  assert(grown < 60_000, `${grown} KiB more`);
});

Deno.test("500 logins at once are all answered, with no more helpers than allowed", async () => {
  await using rig = await ServiceRig.start({
    args: ["--helpers", "4"],
    pam: ({ username }) => ({ result: { outcome: "passed", username } }),
  });
  const { server } = rig;
  const names = Array.from({ length: 500 }, (_, i) => `user${i}`);
  const file = `${rig.directory}/names`;
  await Deno.writeTextFile(file, names.join("\n"));
  assert.equal((await admin(rig.db, ["enroll", "--from", file, "--json"])).status, 0);
  for (const [i, name] of names.entries()) {
    const untrusted_ip = `10.${i >> 8}.${i & 255}.1`;
    server.logIn(`${i} 1`, name, PASSWORD, { ...CLIENT, untrusted_ip });
  }
  const words = await Promise.all(names.map((_, i) => server.word(`${i} 1`)));
  assert.deepEqual([...new Set(words.map(([name]) => name))], ["client-pending-auth"]);
  assert(rig.helpers.mostOpen <= 4);
  assert.deepEqual(server.mistakes, []);
});

/** How many logins the service decides about, as it tells. */
async function loginsInFlight({ directory }: ServiceRig): Promise<number> {
  const status = await get({ transport: "unix", path: `${directory}/status.sock` }, "/status");
  return JSON.parse(status.body).loginsInFlight;
}

/** How much memory a process has, in KiB. */
async function residentOf(pid: number): Promise<number> {
  const [, kib] = (await Deno.readTextFile(`/proc/${pid}/status`)).match(/VmRSS:\s+(\d+)/)!;
  return Number(kib);
}
