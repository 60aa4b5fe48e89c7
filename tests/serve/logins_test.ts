import assert from "node:assert/strict";
import { admin, wrongCodesOf } from "../lab/program.ts";
import { CLIENT, PASSWORD, ServiceRig } from "../lab/service_rig.ts";

Deno.test("the service challenges a right password, and lets a right code in, once", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  assert.deepEqual(await rig.challenge("0 1", "alice"), [
    ...["client-pending-auth", "0", "1", "CR_TEXT:R,E:Please enter your TOTP code", "300"],
  ]);
  server.answer("0 1", code(), "alice", CLIENT);
  assert.deepEqual(await server.word("0 1"), ["client-auth-nt", "0", "1"]);

  await rig.challenge("1 1", "alice");
  server.answer("1 1", code(), "alice", CLIENT);
  const [name, , , , told] = await server.word("1 1");
  assert.equal(name, "client-deny");
  assert.match(told!, /already used/);
  assert.deepEqual(server.mistakes, []);
});

Deno.test("the service tells a client nothing of why its password was refused", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  await rig.enrol("alice");
  server.logIn("0 1", "alice", "wrong", CLIENT);
  assert.deepEqual(await server.word("0 1"), ["client-deny", "0", "1", "refused"]);
  server.logIn("1 1", "nobody", PASSWORD, CLIENT);
  assert.deepEqual(await server.word("1 1"), ["client-deny", "1", "1", "refused"]);
  const { stdout } = await admin(rig.db, ["log"]);
  assert.match(stdout, /refused +wrong_password +alice/);
  assert.match(stdout, /refused +not_enrolled +nobody/);
});

Deno.test("the service takes a dynamic challenge's answer on another connection", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  const address = { untrusted_ip: "192.0.2.1" };
  server.logIn("0 1", "alice", PASSWORD, address);
  const [name, , , , told] = await server.word("0 1");
  assert.equal(name, "client-deny");
  const [, flags, state, username, text] = told!.split(":");
  assert.deepEqual([flags, atob(username!), text], ["R,E", "alice", "Please enter your TOTP code"]);
  server.logIn("1 1", "alice", `CRV1::${state}::${code()}`, address);
  assert.deepEqual(await server.word("1 1"), ["client-auth-nt", "1", "1"]);
  server.logIn("2 1", "alice", `CRV1::${state}::${code(1)}`, address);
  assert.equal((await server.word("2 1"))[0], "client-deny");
});

Deno.test("an answer that comes beside another or after a verdict changes nothing", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  const [wrong] = wrongCodesOf("A".repeat(32), 1);

  await rig.challenge("0 1", "alice");
  // In one packet.
  server.answer("0 1", "000000", "alice", CLIENT);
  server.answer("0 1", code(), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-deny");

  await rig.challenge("1 1", "alice");
  server.answer("1 1", code(), "alice", CLIENT);
  server.answer("1 1", wrong!, "alice", CLIENT);
  server.sendResponse("1 1", "§%&", { username: "alice", ...CLIENT });
  assert.equal((await server.word("1 1"))[0], "client-auth-nt");
  server.answer("1 1", wrong!, "alice", CLIENT);

  // Whatever the service had to say about these, it has said before it answers the next.
  await rig.challenge("2 1", "alice");
  assert.deepEqual([server.stateOf("0 1"), server.stateOf("1 1")], ["out", "in"]);
  assert.deepEqual(server.mistakes, []);
});

Deno.test("an answer without a challenge refuses, also while the password is looked at", async () => {
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  await using rig = await ServiceRig.start({
    async pam({ username }) {
      asked.resolve();
      await goOn.promise;
      return { result: { outcome: "passed", username } };
    },
  });
  const { server } = rig;
  const code = await rig.enrol("alice");
  server.logIn("0 1", "alice", PASSWORD, CLIENT);
  await asked.promise;
  server.answer("0 1", code(), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-deny");
  goOn.resolve();
  await rig.log.waitFor(/step=password outcome=challenged/);
  server.answer("0 1", code(), "alice", CLIENT);
  await rig.challenge("1 1", "alice");
  assert.equal(server.stateOf("0 1"), "out");
  assert.deepEqual(server.mistakes, []);
});

Deno.test("a verdict reaches neither a client that has gone nor the next one with the same ids", async () => {
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const goOn = Promise.withResolvers<void>();
  let requests = 0;
  await using rig = await ServiceRig.start({
    args: ["--helpers", "8"],
    async pam(request, password) {
      if (request.kind !== "authenticate") return { accountName: null };
      if (password === PASSWORD) {
        asked[requests++]?.resolve();
        await goOn.promise;
        return { result: { outcome: "passed", username: request.username } };
      }
      return { result: { outcome: "denied", call: "pam_authenticate", status: 7 } };
    },
  });
  const { server } = rig;
  await rig.enrol("alice");
  await admin(rig.db, ["exempt", "alice", "--from", "0.0.0.0/0"]);
  server.logIn("0 1", "alice", PASSWORD, CLIENT);
  await asked[0]!.promise;
  server.leave("0");
  server.logIn("5 1", "alice", PASSWORD, CLIENT);
  await asked[1]!.promise;
  server.logIn("5 1", "mallory", "wrong", CLIENT);
  assert.equal((await server.word("5 1"))[0], "client-deny");
  goOn.resolve();
  // Both were decided, and nobody was told.
  const from = rig.log.seen.findIndex((line) => line.includes("by=exemption"));
  await rig.log.waitFor(/by=exemption/, from === -1 ? 0 : from + 1);
  await rig.log.waitFor(/by=exemption/, rig.log.seen.findIndex((l) => /by=exemption/.test(l)) + 1);
  assert.equal(server.stateOf("0 1"), undefined);
  assert.equal(server.stateOf("5 1"), "out");
  assert.deepEqual(server.mistakes, []);
  assert.equal(server.commands.filter((command) => command.startsWith("client-auth")).length, 0);
});

Deno.test("two servers whose clients have the same ids don't get each other's verdicts", async () => {
  await using rig = await ServiceRig.start({ servers: 2 });
  const [first, second] = rig.servers;
  const code = await rig.enrol("alice");
  await rig.challenge("0 1", "alice", first);
  second!.answer("0 1", code(), "alice", CLIENT);
  await rig.log.waitFor(/step=code outcome=refused reason=no_challenge .*server1\.sock/);
  first!.answer("0 1", code(), "alice", CLIENT);
  assert.equal((await first!.word("0 1"))[0], "client-auth-nt");
  assert.deepEqual(second!.commands.filter((command) => command.startsWith("client-")), []);
});

Deno.test("a code is used once, whichever server it is given to first", async () => {
  await using rig = await ServiceRig.start({ servers: 2 });
  const code = (await rig.enrol("alice"))();
  const [first, second] = rig.servers;
  for (const server of rig.servers) await rig.challenge("0 1", "alice", server);
  for (const server of rig.servers) server.answer("0 1", code, "alice", CLIENT);
  const words = await Promise.all([first!.word("0 1"), second!.word("0 1")]);
  const names = words.map(([name]) => name).sort();
  assert.deepEqual(names, ["client-auth-nt", "client-deny"]);
});

Deno.test("a hundred users behind one address who come at once are all asked for their codes", async () => {
  await using rig = await ServiceRig.start({ args: ["--helpers", "2"] });
  const names = Array.from({ length: 100 }, (_, i) => `user${i}`);
  await Deno.writeTextFile(`${rig.directory}/names`, names.join("\n"));
  await admin(rig.db, ["enroll", "--from", `${rig.directory}/names`, "--json"]);
  for (const [i, name] of names.entries()) rig.server.logIn(`${i} 1`, name, PASSWORD, CLIENT);
  const words = await Promise.all(names.map((_, i) => rig.server.word(`${i} 1`)));
  assert.deepEqual([...new Set(words.map(([name]) => name))], ["client-pending-auth"]);
});

Deno.test("names of any kind come back as they came, and end no command", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const names = ['a"b', "a\\", "a b", "$(id)", "ä€😀", "';--", "client-auth-nt 0 1", '" "'];
  for (const [i, name] of names.entries()) {
    await rig.enrol(name);
    server.logIn(`${i} 1`, name, PASSWORD, { untrusted_ip: "192.0.2.1" });
    const [command, , , , told] = await server.word(`${i} 1`);
    assert.equal(command, "client-deny");
    const username = Uint8Array.fromBase64(told!.split(":")[3]!);
    assert.equal(new TextDecoder().decode(username), name);
  }
  assert.deepEqual(server.mistakes, []);
});

Deno.test("renegotiations with a session token keep no helper", async () => {
  await using rig = await ServiceRig.start({ args: ["--helpers", "1"] });
  const { server } = rig;
  await rig.enrol("alice");
  // The token's first login is an hour from now: later than the enrolment in any case.
  const token = new Uint8Array(60);
  new DataView(token.buffer).setBigInt64(12, BigInt(Math.floor(Date.now() / 1000) + 3600));
  const password = `SESS_ID_AT_${token.toBase64()}`;
  const variables = { ...CLIENT, session_id: "x", session_state: "Authenticated" };
  for (let kid = 1; kid <= 5; kid++) {
    server.logIn(`0 ${kid}`, "alice", password, variables);
    assert.deepEqual(await server.word(`0 ${kid}`), ["client-auth-nt", "0", `${kid}`]);
  }
});
