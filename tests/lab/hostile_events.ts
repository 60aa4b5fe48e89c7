import assert from "node:assert/strict";
import { decodeLatin1 } from "../../src/text/latin1.ts";
import type { NewUser } from "./enrol_many.ts";
import { edited, type HostileCall, type HostileLogin, type Value } from "./hostile_call.ts";
import { assertSilent } from "./hostile_output.ts";
import { parseLogfmt } from "./logfmt.ts";
import { codeAt } from "./login_rules.ts";
import type { Word } from "./openvpn_keys.ts";
import { CLIENT, PASSWORD, type ServiceRig } from "./service_rig.ts";
import { sessionToken } from "./session_token.ts";

/** A client's variables, as they are sent. */
type Variables = Map<string, Uint8Array<ArrayBuffer>>;

/** How many time steps the service accepts on each side, and some more. */
const STEPS = Array.from({ length: 25 }, (_, i) => i - 12);

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Plays hostile logins to the service, and checks each word and line of it against what was sent. */
export class HostileEvents {
  readonly #rig: ServiceRig;
  #logins = 0;
  /** How many lines of the log were looked at. */
  #lines: number;
  /** How many were let in. */
  letIn = 0;

  constructor(rig: ServiceRig) {
    this.#rig = rig;
    this.#lines = rig.log.seen.length;
  }

  /** @param user has not logged in yet */
  async play(login: HostileLogin, user: NewUser): Promise<void> {
    const { server } = this.#rig;
    const key = `${this.#logins++} 1`;
    const first = this.#variables(login.password, user);
    first.set("password", edited(passwordOf(login.password), login.password.edits));
    server.begin(key);
    server.say(block(`CONNECT,${key.replace(" ", ",")}`, first));
    const word = await server.word(key);
    await this.#checkLine(first, user);
    const asked = this.#checkFirst(word, first, user);
    if (isHonest(login.password)) assert(asked, "an honest client is asked");
    let mayBeIn = false;
    for (const [i, answer] of login.answers.entries()) {
      const variables = this.#variables(answer, user);
      const code = codeAt(user.secret, Date.now());
      const response = edited(utf8(utf8(codeOf(answer, code)).toBase64()), answer.edits);
      const isLookedAt = server.stateOf(key) === "pending" && i === 0;
      const head = `CR_RESPONSE,${key.replace(" ", ",")},${decodeLatin1(response)}`;
      server.say(block(head, variables));
      if (isLookedAt) await this.#checkLine(variables, user);
      mayBeIn ||= asked && i === 0 && isRight(variables, first, response, user);
      if (i > 0 || !isLookedAt) continue;
      const [verdict] = await server.word(key);
      if (verdict === "client-auth-nt") {
        assert(mayBeIn, "let in");
        this.letIn++;
      } else assert.equal(verdict, "client-deny");
      if (asked && isHonest(login.password) && isHonest(answer)) {
        assert.equal(verdict, "client-auth-nt");
      }
    }
    server.leave(key.split(" ")[0]!);
    assert.deepEqual(server.mistakes, []);
  }

  /** Says whether the client was asked for a code. */
  #checkFirst([name]: Word, variables: Variables, user: NewUser): boolean {
    const password = textIn(variables, "password");
    const isUser = textIn(variables, "username") === user.username;
    if (name === "client-pending-auth") {
      assert(isUser && password === PASSWORD, "challenged");
      return true;
    }
    const isToken = !!password?.startsWith("SESS_ID_AT_") &&
      textIn(variables, "session_state") === "Authenticated";
    if (name === "client-auth-nt") assert(isUser && isToken, "let in without a code");
    return false;
  }

  /** One line of the log for each decision, with the sender's own address and no secret. */
  async #checkLine(variables: Variables, { secret }: NewUser): Promise<void> {
    const [line] = await this.#rig.log.waitFor(/^.*$/s, this.#lines++);
    const fields = parseLogfmt(line);
    const names = fields.map(([name]) => name);
    assert.deepEqual(names.slice(0, 4), ["time", "program", "step", "outcome"], line);
    assert.equal(new Set(names).size, names.length, line);
    const { address, detail = "", server } = Object.fromEntries(fields);
    assert.doesNotMatch(detail, /^unexpected/, line);
    assert.match(server!, /server0\.sock$/);
    const sent = textIn(variables, "untrusted_ip") || textIn(variables, "untrusted_ip6");
    if (address === "192.0.2.99") assert.equal(sent, address, line);
    const isTyped = textIn(variables, "username")?.includes(PASSWORD);
    const codes = STEPS.map((step) => codeAt(secret, Date.now(), step));
    assertSilent(line, [secret, ...isTyped ? [] : [PASSWORD]], codes);
  }

  /** Each login comes from a network of its own: failures of others there would make it wait. */
  #variables({ variables }: HostileCall, { username }: NewUser): Variables {
    const n = this.#logins;
    const result: Variables = new Map(
      Object.entries({
        ...{ n_clients: "0", daemon_pid: "4711", daemon_start_time: "1800000000" },
        ...{ ...CLIENT, username, common_name: "laptop", session_id: "x" },
        untrusted_ip: `10.${(n >> 8) & 255}.${n & 255}.1`,
      }).map(([name, value]) => [name, utf8(value)]),
    );
    for (const [name, value] of variables) {
      const bytes = bytesOf(value);
      if (bytes === null) result.delete(name);
      else result.set(name, bytes);
    }
    return result;
  }
}

function bytesOf(value: Value): Uint8Array<ArrayBuffer> | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return utf8(typeof value === "string" ? value : value.path);
}

function passwordOf({ sent }: HostileCall): Uint8Array<ArrayBuffer> {
  if (sent === "token") return sessionToken(Math.floor(Date.now() / 1000) + 2);
  return utf8({ right: PASSWORD, wrong: `${PASSWORD}!`, none: "" }[sent]);
}

function codeOf({ sent }: HostileCall, code: string): string {
  return { right: code, wrong: "no code", none: "", token: `SESS_ID_AT_${code}` }[sent];
}

/** Says whether a call is what OpenVPN does with an honest client. */
function isHonest({ sent, edits, variables }: HostileCall): boolean {
  return sent === "right" && edits.length === 0 && variables.length === 0;
}

/** Says whether an answer could be right; base64 is decoded more leniently than by the program. */
function isRight(now: Variables, first: Variables, response: Uint8Array, user: NewUser): boolean {
  const isSame = ["username", "untrusted_ip"].every((name) =>
    textIn(now, name) === textIn(first, name)
  );
  const digits = decoded(decodeLatin1(response)).replace(/[^0-9]/g, "");
  return isSame && STEPS.some((step) => codeAt(user.secret, Date.now(), step) === digits);
}

function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return "";
  }
}

/** A variable as the service sees it: a line's end ends it. */
function textIn(variables: Variables, name: string): string | undefined {
  const bytes = variables.get(name);
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0x0a);
  const line = end === -1 ? bytes : bytes.subarray(0, end);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(line).replace(/\r$/, "");
}

function block(head: string, variables: Variables): string {
  const lines = [...variables].map(([name, value]) =>
    `>CLIENT:ENV,${name}=${decodeLatin1(value)}\r\n`
  );
  return `>CLIENT:${head}\r\n${lines.join("")}>CLIENT:ENV,END\r\n`;
}
