import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClientEvent } from "../../../../src/openvpn/management/client_event.ts";
import {
  type CommandReply,
  ManagementSession,
} from "../../../../src/openvpn/management/management_session.ts";
import { decodeLatin1, encodeLatin1 } from "../../../../src/text/latin1.ts";
import { holds } from "../../../lab/fuzz.ts";

/** A session, and what it did. */
class Heard {
  readonly events: string[] = [];
  readonly notifications: string[] = [];
  readonly closed: string[] = [];
  sent = "";
  isReady = false;
  begun = 0;
  password: string | null = null;
  readonly session = new ManagementSession({
    write: (bytes) => this.sent += decodeLatin1(bytes),
    ready: () => this.isReady = true,
    password: () => this.password === null ? null : encodeLatin1(this.password),
    event: (event) => this.events.push(asText(event)),
    begun: () => this.begun++,
    notification: (line) => this.notifications.push(decodeLatin1(line)),
    close: (why) => this.closed.push(why),
  });

  take(text: string): this {
    this.session.take(encodeLatin1(text));
    return this;
  }
}

function asText(event: ClientEvent): string {
  if (event.kind === "disconnect") return `disconnect ${event.cid}`;
  const { kind, key: { cid, kid }, variables } = event;
  const username = decodeLatin1(variables.readBytes("username") ?? new Uint8Array());
  const password = decodeLatin1(variables.readBytes("password") ?? new Uint8Array());
  const sent = kind === "answer" ? decodeLatin1(event.response) : password;
  return `${kind} ${cid} ${kid} ${username} ${sent}${variables.isTooLarge ? " too large" : ""}`;
}

const INFO = ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n";

function block(head: string, variables: Record<string, string>): string {
  const lines = Object.entries(variables).map(([name, value]) =>
    `>CLIENT:ENV,${name}=${value}\r\n`
  );
  return `>CLIENT:${head}\r\n${lines.join("")}>CLIENT:ENV,END\r\n`;
}

const LOGIN = block("CONNECT,7,1", { n_clients: "0", username: "al=ice", password: "a b=c" });

Deno.test("ManagementSession reads what clients do, wherever its lines are cut apart", () => {
  const text = INFO + LOGIN + ">BYTECOUNT_CLI:7,1,2\r\n" +
    block("CR_RESPONSE,7,1,MTIzNDU2", { username: "al=ice" }) +
    block("REAUTH,7,2", { username: "al=ice", password: "" }) +
    ">CLIENT:ADDRESS,7,10.8.0.2,1\r\n" + block("DISCONNECT,7", { username: "al=ice" });
  holds(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 40 }), (sizes) => {
      const heard = new Heard();
      let rest = text;
      for (const size of [...sizes, text.length]) {
        heard.take(rest.slice(0, size));
        rest = rest.slice(size);
      }
      assert.deepEqual(heard.events, [
        "connect 7 1 al=ice a b=c",
        "answer 7 1 al=ice MTIzNDU2",
        "connect 7 2 al=ice ",
        "disconnect 7",
      ]);
      assert(heard.isReady);
    }),
  );
});

Deno.test("ManagementSession drops an event that is cut off, and takes the next whole", () => {
  const cut = ">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,username=mallory\r\n>CLIENT:ENV,password=x\r\n";
  const heard = new Heard().take(INFO + cut + LOGIN);
  assert.deepEqual(heard.events, ["connect 7 1 al=ice a b=c"]);
  heard.take(`${cut}>CLIENT:ENV,${"x".repeat(70_000)}\r\n>CLIENT:ENV,END\r\n${LOGIN}`);
  assert.deepEqual(heard.events.slice(1), ["connect 7 1 al=ice a b=c"]);
});

Deno.test("ManagementSession takes no event of a form that OpenVPN doesn't send", () => {
  for (
    const head of [
      "CONNECT,7",
      "CONNECT,7,1,2",
      "CONNECT,-7,1",
      "CONNECT,07,1",
      "CONNECT,7,1 ",
      "connect,7,1",
      "CONNECT,7;8,1",
      "CONNECT,999999999999999999999,1",
      "CR_RESPONSE,7",
      "DISCONNECT,7,1",
      "DISCONNECT,",
      "ESTABLISHED,7",
      "",
    ]
  ) {
    assert.deepEqual(new Heard().take(INFO + block(head, { username: "x" })).events, [], head);
  }
});

Deno.test("ManagementSession keeps a bound on variables, and says that there were more", () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`IV_${i}`, "x"]));
  const heard = new Heard().take(INFO + block("CONNECT,1,1", { username: "a", ...many }));
  assert.deepEqual(heard.events, ["connect 1 1 a  too large"]);
});

Deno.test("ManagementSession refuses to read a variable that came twice", () => {
  const heard = new Heard();
  const twice = ">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,username=a\r\n>CLIENT:ENV,username=b\r\n";
  assert.throws(() => heard.take(`${INFO}${twice}>CLIENT:ENV,END\r\n`), /username twice/);
});

Deno.test("ManagementSession gives each command its own reply, with notifications in between", async () => {
  const heard = new Heard().take(INFO);
  const asked = ["client-auth-nt 1 1", "status", "log on all", "bad", "pid"].map((command) =>
    heard.session.ask(command)
  );
  assert.equal(heard.sent, "client-auth-nt 1 1\nstatus\nlog on all\nbad\npid\n");
  heard.take(
    "SUCCESS: client-auth command succeeded\r\nTITLE,x\r\n>LOG:1,,a\r\nSUCCESS: no\r\nEND\r\n",
  )
    .take("SUCCESS: real-time log notification set to ON\r\n1,I,line\r\nEND\r\n")
    .take("ERROR: unknown command\r\nSUCCESS: pid=4\r\n");
  assert.deepEqual(await Promise.all(asked), [
    ["SUCCESS: client-auth command succeeded"],
    ["TITLE,x", "SUCCESS: no", "END"],
    ["SUCCESS: real-time log notification set to ON", "1,I,line", "END"],
    ["ERROR: unknown command"],
    ["SUCCESS: pid=4"],
  ]);
  assert.deepEqual(heard.notifications.slice(1), [">LOG:1,,a"]);
});

Deno.test("ManagementSession gives no reply to what was asked when the connection ended", async () => {
  const heard = new Heard().take(INFO);
  const asked: Promise<CommandReply | null> = heard.session.ask("status");
  heard.take("TITLE,x\r\n");
  heard.session.end();
  assert.equal(await asked, null);
});

Deno.test("ManagementSession releases a hold, and gives the password where it is asked", () => {
  const heard = new Heard();
  heard.password = "pass word";
  heard.take("ENTER PASSWORD:");
  assert.equal(heard.sent, "pass word\n");
  assert(!heard.isReady);
  heard.take(`SUCCESS: password is correct\r\n${INFO}>HOLD:Waiting for hold release:0\r\n`);
  assert(heard.isReady);
  assert.equal(heard.sent, "pass word\nhold release\n");
  assert.equal(heard.begun, 1);
});

Deno.test("ManagementSession ends where it has no password, or a wrong one", () => {
  assert.match(new Heard().take("ENTER PASSWORD:").closed[0]!, /asks for a password/);
  const heard = new Heard();
  heard.password = "wrong";
  heard.take("ENTER PASSWORD:").take("ERROR: bad password\r\nENTER PASSWORD:");
  assert.match(heard.closed[0]!, /password is wrong/);
});

Deno.test("ManagementSession asks for no password once OpenVPN is there: a client could cause it", () => {
  const heard = new Heard().take(INFO);
  heard.password = "secret";
  heard.take("ENTER PASSWORD:");
  assert.equal(heard.sent, "");
});

Deno.test("ManagementSession shows others nothing that has a password or a code in it", () => {
  const heard = new Heard().take(INFO + LOGIN)
    .take(block("CR_RESPONSE,7,1,MTIzNDU2", { username: "alice", password: "x" }))
    .take(block("ESTABLISHED,7", { username: "alice", password: "secret", ifconfig: "10.8.0.2" }));
  assert.deepEqual(heard.notifications, [
    INFO.trim(),
    ">CLIENT:ESTABLISHED,7",
    ">CLIENT:ENV,username=alice",
    ">CLIENT:ENV,ifconfig=10.8.0.2",
    ">CLIENT:ENV,END",
  ]);
});

Deno.test("ManagementSession ends a connection whose reply has no end", () => {
  const heard = new Heard().take(INFO);
  heard.session.ask("status");
  for (let i = 0; i < 300; i++) heard.take(`${"x".repeat(60_000)}\r\n`);
  assert.match(heard.closed[0]!, /no end/);
});

Deno.test("ManagementSession throws at no bytes, and makes no event of garbage", () => {
  const word = fc.constantFrom(
    ...[">CLIENT:", "CONNECT,1,1", "ENV,", "END", "username=a", "\r\n", "\n", "SUCCESS:", "ERROR:"],
    ...[">HOLD:", ">INFO:", "ENTER PASSWORD:", "\0", "\xff", "password=", ",", ">LOG:"],
  );
  holds(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const heard = new Heard();
      heard.take(words.join(""));
      for (const event of heard.events) assert.match(event, /^(connect|answer|disconnect) 1/);
    }),
  );
});
