import assert from "node:assert/strict";
import { admin } from "../lab/program.ts";
import { pamWith } from "../lab/fake_helpers.ts";
import { CLIENT, PASSWORD, ServiceRig } from "../lab/service_rig.ts";

// OpenVPN 2.6.14 counts its clients from 0 again after SIGUSR1, on the same management connection,
// and says the same daemon_pid and daemon_start_time as before (seen).

Deno.test("a client that gets the ids of one that was let in before SIGUSR1 can log in", async () => {
  await using rig = await ServiceRig.start();
  const { server } = rig;
  const code = await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  server.answer("0 1", code(), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-auth-nt");

  assert.equal((await rig.challenge("0 1", "alice"))[0], "client-pending-auth");
  server.answer("0 1", code(1), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-auth-nt");
  assert.deepEqual(server.mistakes, []);
});

Deno.test("a code for a challenge from before SIGUSR1 lets no client with its ids in", async () => {
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const pam = pamWith(PASSWORD);
  await using rig = await ServiceRig.start({
    pam: async (request, password) => {
      if (password === "wrong") {
        asked.resolve();
        await goOn.promise;
      }
      return await pam(request, password);
    },
  });
  const { server } = rig;
  const code = await rig.enrol("alice");
  await rig.challenge("0 1", "alice");

  server.logIn("0 1", "alice", "wrong", CLIENT);
  await asked.promise;
  server.answer("0 1", code(), "alice", CLIENT);
  assert.equal((await server.word("0 1"))[0], "client-deny");
  goOn.resolve();
  assert.equal(server.stateOf("0 1"), "out");
});

Deno.test("a verdict from before SIGUSR1 reaches no client with the same ids, heard of or not", async () => {
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  await using rig = await ServiceRig.start({
    async pam({ kind, username }) {
      if (kind !== "authenticate") return { accountName: null };
      asked.resolve();
      await goOn.promise;
      return { result: { outcome: "passed", username } };
    },
  });
  const { server } = rig;
  await rig.enrol("alice");
  await admin(rig.db, ["exempt", "alice", "--from", "0.0.0.0/0"]);
  server.logIn("0 1", "alice", PASSWORD, CLIENT);
  await asked.promise;
  server.say(">HOLD:Waiting for hold release:0\r\n");
  // Another client has sent its password, and OpenVPN has not told it yet.
  server.begin("0 1");
  // It has heard all before, once it has answered this.
  server.logIn("7 1", "", "x", CLIENT);
  assert.equal((await server.word("7 1"))[0], "client-deny");
  goOn.resolve();
  await rig.log.waitFor(/outcome=accepted by=exemption/);
  await rig.challenge("1 1", "alice");
  assert.equal(server.stateOf("0 1"), "asked");
});
