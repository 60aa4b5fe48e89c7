import assert from "node:assert/strict";
import { codeAt } from "./login_rules.ts";
import {
  edited,
  type HostileCall,
  type HostileLogin,
  isHonest,
  type Value,
} from "./hostile_call.ts";
import { assertForm, assertSilent, type CallOutput } from "./hostile_output.ts";
import { sessionToken } from "./session_token.ts";

/** A call as the program sees it. */
export interface MadeCall {
  variables: Map<string, string | Uint8Array>;
  args: string[];
}

/** The user that the hostile logins are about. */
export interface Target {
  username: string;
  password: string;
  /** Base32. */
  secret: string;
  db: string;
  keyFile: string;
  directory: string;
  /** The time according to the program. */
  now(): number;
  call(call: MadeCall): Promise<CallOutput>;
}

/** Content of a file that does not belong to the program. */
const FOREIGN = "somebody else's";

const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (value: string | Uint8Array | undefined) => typeof value === "string" ? value : "";

/** Plays hostile logins, and checks each call's result against its input. */
export class HostileTrial {
  readonly #target: Target;
  /** Attempts that were asked for a code, by `auth_control_file`. */
  readonly #challenged = new Map<string, { user: string; at: string }>();
  /** Attempts whose right code was given. */
  readonly #answered = new Set<string>();
  #logins = 0;

  constructor(target: Target) {
    this.#target = target;
    this.#takeLogged();
  }

  async play(login: HostileLogin): Promise<void> {
    const { directory, now } = this.#target;
    const id = `${directory}/${++this.#logins}`;
    for (const kind of ["acf", "apf", "afr"]) {
      Deno.writeTextFileSync(`${id}.${kind}`, "");
    }
    try {
      const status = await this.#password(id, login.password);
      if (isHonest(login.password)) assert.equal(status, 2);
      let isHonestSoFar = isHonest(login.password);
      for (const [i, answer] of login.answers.entries()) {
        const odd = login.isOddThroughout ? login.password.variables : [];
        const variables = [...odd, ...answer.variables];
        const code = codeAt(this.#target.secret, now());
        const call = { ...answer, variables };
        const status = await this.#answer(id, call, code);
        if (isHonestSoFar && i === 0 && isHonest(answer)) {
          assert.equal(status, 0);
        }
        isHonestSoFar = false;
      }
    } finally {
      for (const kind of ["acf", "apf", "afr", "up", "cr"]) {
        removeIfThere(`${id}.${kind}`);
        removeIfThere(`${id}.${kind}.target`);
      }
    }
  }

  async #password(id: string, call: HostileCall): Promise<number> {
    const { username, password, now } = this.#target;
    const sent = {
      right: utf8(password),
      wrong: utf8(`${password}!`),
      none: utf8(""),
      // A token of a login after the enrolment.
      token: sessionToken(Math.floor(now() / 1000) + 2),
    }[call.sent];
    const honest = new Uint8Array([...utf8(`${username}\n`), ...sent, 10]);
    const content = edited(honest, call.edits);
    const made = this.#make(id, "user-pass-verify", `${id}.up`, content, call);
    const { variables } = made;
    const [name, word] = linesOf(contentOf(made, `${id}.up`, content, call));
    const isExternal = variables.get("totpPrimaryAuth") === "external";
    const isRight = name === username && word === password;
    const isToken = !!word?.startsWith("SESS_ID_AT_") &&
      variables.get("session_state") === "Authenticated";

    const { status } = await this.#run(made, [name ?? ""]);
    assert([0, 1, 2].includes(status), String(status));
    if (status === 2) assert(isRight || isExternal, "challenged");
    if (status === 0) assert(isToken, "accepted in the first step");
    const control = readIfThere(`${id}.acf`);
    const pending = readIfThere(`${id}.apf`);
    assert.equal(control, "");
    assert.equal(pending !== "", status === 2);
    // If a request for a code cannot be delivered, the login is refused, and OpenVPN then accepts
    // no answer.
    if (isRight || isExternal) {
      const key = textOf(variables.get("auth_control_file"));
      const at = placeOf(variables);
      this.#challenged.set(key, { user: name!, at });
    }
    return status;
  }

  async #answer(
    files: string,
    call: HostileCall,
    code: string,
  ): Promise<number> {
    const { secret, now } = this.#target;
    const codes = Array.from(
      { length: 21 },
      (_, i) => codeAt(secret, now(), i - 10),
    );
    let wrong = Number(code);
    while (codes.includes(padded(wrong))) wrong = (wrong + 1) % 1_000_000;
    const sent = {
      right: code,
      wrong: padded(wrong),
      none: "",
      token: `SESS_ID_AT_${code}`,
    }[call.sent];
    const content = edited(utf8(utf8(sent).toBase64()), call.edits);
    const made = this.#make(
      files,
      "client-crresponse",
      `${files}.cr`,
      content,
      call,
    );
    const { variables } = made;
    const came = contentOf(made, `${files}.cr`, content, call);
    const digits = answerOf(came).replace(/[^0-9]/g, "");
    const id = textOf(variables.get("auth_control_file"));
    const challenge = this.#challenged.get(id);
    const isRight = codes.includes(digits) &&
      challenge?.user === textOf(variables.get("username")) &&
      challenge.at === placeOf(variables);
    if (isRight) this.#answered.add(id);

    const before = readIfThere(`${files}.acf`);
    const { status } = await this.#run(made, [], [...codes, sent]);
    const after = readIfThere(`${files}.acf`);
    assert([0, 1].includes(status), String(status));
    // Further answers to an accepted login change nothing.
    if (status === 0) assert(this.#answered.has(id), "accepted");
    if (after === "1" && before !== "1") assert(isRight, "accepted");
    assert(["", "0", "1"].includes(after));
    if (before !== "") assert.equal(after, before);
    return status;
  }

  #make(
    id: string,
    scriptType: string,
    path: string,
    content: Uint8Array,
    call: HostileCall,
  ): MadeCall {
    const { db, keyFile, directory, username } = this.#target;
    removeIfThere(path);
    if (call.file === "content") Deno.writeFileSync(path, content);
    if (call.file === "directory") Deno.mkdirSync(path, { recursive: true });
    if (call.file === "huge") {
      Deno.writeFileSync(path, new Uint8Array(200_000).fill(0x41));
    }
    if (call.file === "link") {
      Deno.writeFileSync(`${path}.target`, content);
      Deno.symlinkSync(`${path}.target`, path);
    }
    const variables = new Map<string, string | Uint8Array>([
      ...Object.entries({
        script_type: scriptType,
        username,
        IV_SSO: "webauth,crtext",
        auth_control_file: `${id}.acf`,
        auth_pending_file: `${id}.apf`,
        auth_failed_reason_file: `${id}.afr`,
        // Each login comes from another network, because waits have their own tests.
        untrusted_ip: `10.${this.#logins >> 8 & 255}.${this.#logins & 255}.1`,
        untrusted_port: "50000",
        common_name: "laptop",
        totpTokenDbPath: db,
        totpKeyFile: keyFile,
        // This is the method whose answer comes in a separate call.
        totpChallengeMethods: "crtext",
      }),
    ]);
    for (const [name, value] of call.variables) {
      const made = madeOf(value, directory);
      if (made === null) variables.delete(name);
      else variables.set(name, made);
    }
    const args = {
      last: ["x", path],
      alone: [path],
      missing: [],
      "behind options": ["--version", "", "--db", "/", "\n", "--", path],
      first: [path, `${directory}/none`],
    }[call.args];
    return { variables, args };
  }

  /** Takes what was logged to files. */
  #takeLogged(): string {
    const { directory } = this.#target;
    const lines = readIfThere(`${directory}/log`) +
      readIfThere(`${directory}/foreign`).slice(FOREIGN.length);
    removeIfThere(`${directory}/log`);
    Deno.writeTextFileSync(`${directory}/foreign`, FOREIGN);
    return lines;
  }

  async #run(
    made: MadeCall,
    names: string[],
    codes: string[] = [],
  ): Promise<CallOutput> {
    const { password, secret } = this.#target;
    const output = await this.#target.call(made);
    const lines = output.stderr + this.#takeLogged();
    const told = readIfThere(
      textOf(made.variables.get("auth_failed_reason_file")),
    );
    // A password that was typed as a username is logged as a username.
    const isTyped = names.some((name) => name.includes(password));
    const secrets = [secret, ...isTyped ? [] : [password]];
    assertForm(output, lines);
    assertSilent(lines + told, secrets, codes);
    return output;
  }
}

function madeOf(value: Value, directory: string): string | Uint8Array | null {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value;
  return `${directory}/${value.path}`;
}

/** What the program can read from OpenVPN's file. */
function contentOf(
  { args }: MadeCall,
  path: string,
  content: Uint8Array,
  { file }: HostileCall,
): Uint8Array {
  const isRead = args.at(-1) === path && ["content", "link"].includes(file);
  return isRead ? content : new Uint8Array();
}

function linesOf(content: Uint8Array): string[] {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(content)
    .split("\n");
}

/** A client's answer. Base64 is decoded more leniently here than by the program. */
function answerOf(content: Uint8Array): string {
  try {
    return atob(String.fromCharCode(...content));
  } catch {
    return "";
  }
}

function placeOf(variables: MadeCall["variables"]): string {
  const read = (name: string) => textOf(variables.get(name));
  return read("untrusted_ip") || read("untrusted_ip6");
}

function padded(number: number): string {
  return String(number).padStart(6, "0");
}

function readIfThere(path: string): string {
  try {
    return Deno.statSync(path).isFile ? Deno.readTextFileSync(path) : "";
  } catch {
    return "";
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
