import assert from "node:assert/strict";
import fc from "fast-check";
import { CROWD, CROWD_PASSWORD, crowdSecret, DeskCrowd } from "../../lab/desk_crowd.ts";
import type { DeskServer } from "../../lab/desk_server.ts";
import { holds } from "../../lab/fuzz.ts";
import { codeAt } from "../../lab/login_rules.ts";
import { clientBlock } from "../../lab/openvpn_keys.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";

/** Something that goes wrong with the lines of a session. */
type Mutation =
  | { is: "cut" | "repeat" | "swap" | "rest"; at: number; to: number }
  | { is: "insert"; at: number; line: string }
  | { is: "flip"; at: number; byte: number; bit: number };

const IDS = [
  "-1",
  "4294967295",
  "18446744073709551616",
  "99999999999999999999999",
  "",
  "0x1",
  "1 1",
];

/** Lines that OpenVPN never sends, or not there. */
const LINES = [
  ...IDS.flatMap((id) => [`>CLIENT:CONNECT,${id},1`, `>CLIENT:CR_RESPONSE,0,${id},MDAwMDAw`]),
  ...[">CLIENT:ENV,END", ">CLIENT:DISCONNECT,0", ">CLIENT:DISCONNECT,1", ">CLIENT:REAUTH,0,1"],
  ...[">CLIENT:CR_RESPONSE,0,1,", ">CLIENT:CR_RESPONSE,1,1,====", ">CLIENT:CR_RESPONSE,2,1"],
  ...[">CLIENT:ENV,username=alice", ">CLIENT:ENV,password=x", ">CLIENT:ENV", ">CLIENT:"],
  ...[">INFO:x", "END", "ERROR: x", "SUCCESS: x", ">HOLD:x", ">FATAL:x", "", "\0", "\xff\xfe"],
  `>CLIENT:ENV,username=${"x".repeat(70_000)}`,
];

const place = fc.nat(399);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({
    is: fc.constantFrom("cut" as const, "repeat" as const, "swap" as const, "rest" as const),
    at: place,
    to: place,
  }),
  fc.record({ is: fc.constant("insert" as const), at: place, line: fc.constantFrom(...LINES) }),
  fc.record({ is: fc.constant("flip" as const), at: place, byte: fc.nat(60), bit: fc.nat(7) }),
);

/** Marks where the service has the time to decide. */
const REST = "rest";

/** The lines of some logins, with right passwords and codes. */
function session({ variables }: DeskServer, atMs: number): string[] {
  const lines: string[] = [];
  const add = (head: string, more: Record<string, string>) => {
    lines.push(...clientBlock(head, { ...variables, ...more }).split("\r\n").slice(0, -1), REST);
  };
  for (const [n, username] of CROWD.entries()) {
    const who = { username, untrusted_ip: "192.0.2.1" };
    const code = codeAt(crowdSecret(n), atMs);
    const response = new TextEncoder().encode(code).toBase64();
    add(`CONNECT,${n},1`, { ...who, password: CROWD_PASSWORD, IV_SSO: "crtext" });
    add(`CR_RESPONSE,${n},1,${response}`, { ...who, common_name: "" });
    add(`ESTABLISHED,${n}`, who);
    add(`REAUTH,${n},2`, { ...who, password: `${CROWD_PASSWORD}!`, IV_SSO: "crtext" });
    if (n % 2 === 0) add(`DISCONNECT,${n}`, who);
  }
  return lines;
}

function mutated(lines: readonly string[], mutations: readonly Mutation[]): string[] {
  const result = [...lines];
  for (const mutation of mutations) {
    const at = mutation.at % result.length;
    if (mutation.is === "cut") result.splice(at, 1);
    if (mutation.is === "rest") result.splice(at, 0, REST);
    if (mutation.is === "insert") result.splice(at, 0, mutation.line);
    if (mutation.is === "repeat") result.splice(mutation.to % result.length, 0, result[at]!);
    if (mutation.is === "flip") result[at] = flipped(result[at]!, mutation);
    if (mutation.is === "swap") {
      const to = mutation.to % result.length;
      [result[at], result[to]] = [result[to]!, result[at]!];
    }
  }
  return result;
}

function flipped(line: string, { byte, bit }: { byte: number; bit: number }): string {
  const at = byte % Math.max(1, line.length);
  const code = ((line.charCodeAt(at) || 0) ^ (1 << bit)) & 0xff;
  return line.slice(0, at) + String.fromCharCode(code) + line.slice(at + 1);
}

Deno.test("whatever becomes of OpenVPN's lines, nothing throws, and nobody is let in undecided", async () => {
  let letIn = 0;
  let runs = 0;
  const mutations = fc.array(mutation, { maxLength: 12 });
  await holds(
    fc.asyncProperty(mutations, async (mutations) => {
      await using directory = await makeTestDirectory(memoryDirectory());
      const words = new Map<string, number>();
      using crowd = await DeskCrowd.start(directory, 50, (_server, key, [name]) => {
        if (name !== "client-pending-auth") words.set(key, (words.get(key) ?? 0) + 1);
      });
      crowd.isOpen = true;
      const server = crowd.servers[0]!;
      const lines = mutated(session(server, crowd.now), mutations);
      for (const line of lines) {
        if (line === REST) await crowd.rest(4);
        else server.feed(`${line}\r\n`);
      }
      await crowd.finish();
      for (const [key, count] of words) assert(count <= mostVerdicts(key, lines), key);
      letIn += crowd.letIn;
      runs++;
    }),
    80,
  );
  assert(letIn > runs, `${letIn} were let in`);
});

/** One verdict for each login, and one for what is answered while nothing is known of the key. */
function mostVerdicts(key: string, lines: readonly string[]): number {
  const [cid] = key.split(" ");
  const ids = key.replace(" ", ",");
  const count = (head: string) => lines.filter((line) => line.startsWith(`>CLIENT:${head}`)).length;
  return count(`CONNECT,${ids}`) + count(`REAUTH,${ids}`) + count(`DISCONNECT,${cid}`) + 1;
}
