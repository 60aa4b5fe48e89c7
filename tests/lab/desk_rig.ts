import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Attempt } from "../../src/core/challenge.ts";
import type { ChallengeMethod } from "../../src/core/challenge_method.ts";
import type { Failure } from "../../src/core/failure.ts";
import type { CodeVerdict, PasswordVerdict } from "../../src/core/verdict.ts";
import { attemptIdOfState } from "../../src/login/dynamic_challenge.ts";
import { machineIdentity } from "../../src/system/machine_identity.ts";
import { EXTERNAL_FACTOR } from "../../src/login/first_factor.ts";
import { CurrentLogin, type Rules as ServiceRules } from "../../src/serve/current_login.ts";
import { LoginDesk } from "../../src/serve/login_desk.ts";
import { readSettings } from "../../src/settings.ts";
import type { Store } from "../../src/store/store.ts";
import type { Field } from "../../src/text/logfmt.ts";
import { DeskServer } from "./desk_server.ts";
import { type Labels, verdictOf } from "./desk_verdict.ts";
import { LoginRig, loginRulesOf, textOfPassword, TRIAL_PAM } from "./login_rig.ts";
import type { Rules, Sent } from "./login_rules.ts";
import { clientBlock, type Word } from "./openvpn_keys.ts";
import { sessionToken } from "./session_token.ts";

/** An attempt, where it came in. */
export interface DeskClient {
  server: DeskServer;
  /** How many times that server had been started before. */
  process: number;
  cid: number;
  kid: number;
  /** Whether the present connection of the service's has heard of its login. */
  isKnown: boolean;
  /** Whether the service looks at no further answer of it. */
  isOver: boolean;
  /** Whether its ids were used a second time, as after SIGUSR1. */
  isReused: boolean;
  /** Whether nobody can send anything more as it. */
  isLost: boolean;
}

/** What the service said and did about one event. */
interface Heard {
  labels: Labels;
  fields: Record<string, Field>;
  words: Word[];
}

/** The ways to ask for a code that the service allows, and those with which it can ask nobody. */
const METHODS: readonly ChallengeMethod[] = ["crtext", "static", "append", "dynamic"];
const NO_QUESTION: readonly ChallengeMethod[] = ["static"];

/** After a refusal for one of these, it is known that the client is not let in. */
const OF_OPEN_CHALLENGES =
  /^(wrong_code|malformed_code|code_used|codes_locked|challenge_expired|user_disabled)$/;

/** The service in place of the single steps: the same logins, as events of two OpenVPN servers. */
export class DeskRig extends LoginRig implements Disposable {
  override readonly recordsFailures = true;
  override readonly forgetsEarlier = true;
  readonly servers: readonly DeskServer[];
  /** What was wrong at a moment when nobody could be told. */
  readonly wrongs: string[] = [];
  readonly #books: DatabaseSync;
  readonly #rules: ServiceRules;
  readonly #clients = new Map<string, DeskClient>();
  /** What the model calls a dynamic challenge, and what the service does. */
  readonly #states = new Map<string, string>();
  #words: { key: string; word: Word }[] = [];
  #decided: PromiseWithResolvers<Record<string, Field>> | null = null;
  #labels: Labels | null = null;
  #current!: CurrentLogin;
  #desk!: LoginDesk;
  #letIn = 0;
  #events = 0;

  constructor(store: Store, path: string, keyFile: string, rules: Rules) {
    super(store, keyFile, rules);
    this.#books = new DatabaseSync(path, { readOnly: true });
    const isExternal = rules.mode === "external";
    this.#rules = {
      settings: {
        ...readSettings(() => undefined),
        ...loginRulesOf(rules),
        challengeMethods: METHODS,
        primaryAuth: rules.mode,
        database: { engine: "sqlite", path },
        keyFile,
      },
      firstFactor: isExternal ? EXTERNAL_FACTOR : TRIAL_PAM,
    };
    this.servers = [0, 1].map((n) =>
      new DeskServer(`/run/${n}.sock`, (key, word) => this.#heard(key, word))
    );
    this.restartService();
  }

  [Symbol.dispose](): void {
    for (const server of this.servers) server.disconnect();
    this.#current.close();
    this.#books.close();
  }

  /** A new service on the same database. */
  restartService(): void {
    this.#current?.close();
    this.#current = new CurrentLogin(this.#rules, () => this.now);
    this.#desk = new LoginDesk({
      current: this.#current,
      log: { write: (fields) => this.#decided?.resolve(fields) },
      meter: {
        decided: (labels) => void (this.#labels = labels),
        loginTook() {},
        turnedAway: () => void this.wrongs.push("turned away for nothing"),
      },
      maxLogins: 3,
    });
    for (const server of this.servers) this.reconnect(server);
  }

  /** The connection between the service and a server is made anew. */
  reconnect(server: DeskServer): void {
    server.connect((server, event) => this.#desk.take(server, event));
    for (const client of this.#clients.values()) {
      if (client.server !== server) continue;
      Object.assign(client, { isKnown: false, isOver: false });
      // What a new connection cannot know would be another login's.
      if (client.isReused || client.process !== server.process) client.isLost = true;
    }
  }

  /** A server is started anew: the clients are gone, and others get their ids. */
  restartServer(server: DeskServer): void {
    server.restart();
    this.reconnect(server);
  }

  /** The client of an attempt leaves, with all its keys. */
  leave({ id }: Attempt): void {
    const gone = this.#clients.get(id);
    if (gone === undefined || this.isGone(id)) return;
    gone.server.keys.leave(`${gone.cid}`);
    this.expectNothing(gone.server, clientBlock(`DISCONNECT,${gone.cid}`, this.#variables(gone)));
    for (const client of this.#clients.values()) {
      if (client.server !== gone.server || client.process !== gone.process) continue;
      if (client.cid === gone.cid) Object.assign(client, { isKnown: false, isOver: false });
    }
  }

  /** Says whether no client of an attempt can send anything any more. */
  isGone(id: string): boolean {
    return this.#clients.get(id)?.isLost ?? false;
  }

  /** Says whether the service looks at no further answer of an attempt's. */
  isOver({ id }: Attempt): boolean {
    return this.#clients.get(id)?.isOver ?? false;
  }

  /** An answer, or anything else, that the service does and says nothing about. */
  expectNothing(server: DeskServer, text: string): void {
    this.#words = [];
    server.feed(text);
    assert.equal(this.#desk.inFlight, 0, "nothing is decided");
    assert.deepEqual(this.#words, []);
  }

  /** An answer of an attempt that is over. */
  answerInVain(attempt: Attempt, code: string | null): void {
    const client = this.#clients.get(attempt.id)!;
    this.expectNothing(client.server, this.#answer(client, attempt, code));
  }

  override async password(
    attempt: Attempt,
    sent: Sent,
    stateId: string,
  ): Promise<PasswordVerdict | Failure> {
    const { method, connectedFrom = null } = sent;
    this.#allow(method === null ? NO_QUESTION : METHODS);
    const heard = await this.#connect(attempt, {
      password: passwordOf(sent),
      ...method === "crtext" ? { IV_SSO: "webauth,crtext" } : {},
      ...connectedFrom === null ? {} : addressAs("trusted", connectedFrom),
    });
    const { verdict, state } = verdictOf(heard, stateId);
    if (state !== null) this.#states.set(stateId, state);
    return verdict as PasswordVerdict | Failure;
  }

  override async token(
    attempt: Attempt,
    loginAt: number | null,
  ): Promise<PasswordVerdict | Failure> {
    const token = sessionToken((loginAt ?? this.now) / 1000 | 0);
    const heard = await this.#connect(attempt, {
      password: new TextDecoder().decode(token),
      session_state: loginAt === null ? "Expired" : "Authenticated",
    });
    return verdictOf(heard, "").verdict as PasswordVerdict | Failure;
  }

  override async code(
    attempt: Attempt,
    code: string | null,
    isNewConnection: boolean,
  ): Promise<CodeVerdict | Failure> {
    this.#allow(METHODS);
    if (isNewConnection) {
      const state = this.#states.get(attempt.id) ?? attempt.id;
      const password = `CRV1::${state}::${code ?? "none"}`;
      // A connection of its own, which no other attempt can mean.
      const heard = await this.#connect({ ...attempt, id: `new ${this.#events}` }, { password });
      return verdictOf(heard, "").verdict as CodeVerdict | Failure;
    }
    const client = this.#clients.get(attempt.id) ?? this.#place(attempt.id);
    const again = this.#events % 3 === 0 ? this.#answer(client, attempt, "000000") : "";
    const heard = await this.#hear(client, this.#answer(client, attempt, code) + again);
    this.#assertDelivered(client, heard);
    client.isOver = true;
    return verdictOf(heard, "").verdict as CodeVerdict | Failure;
  }

  override async storedId(id: string, isDynamic: boolean): Promise<string> {
    if (isDynamic) return await attemptIdOfState(this.#states.get(id) ?? id);
    const { server, process, cid, kid } = this.#clients.get(id)!;
    return `management ${machineIdentity()} ${server.name} ${
      4711 + process
    } 1800000000 ${cid} ${kid}`;
  }

  async #connect({ id, ...who }: Attempt, more: Record<string, string>): Promise<Heard> {
    const before = this.#clients.get(id);
    const client = before ?? this.#place(id);
    Object.assign(client, { isKnown: true, isOver: false, isReused: before !== undefined });
    const kind = client.kid === 0 ? "CONNECT" : "REAUTH";
    client.server.keys.ask(`${client.cid} ${client.kid}`);
    const variables = { ...this.#variables(client), ...variablesOf(who), ...more };
    const heard = await this.#hear(
      client,
      clientBlock(`${kind},${client.cid},${client.kid}`, variables),
    );
    assert.equal(heard.words.length, 1, "one word for each login");
    this.hasTold = true;
    client.isOver = heard.words[0]![0] !== "client-pending-auth";
    return heard;
  }

  /** Every fourth login is a renegotiation of the client before. */
  #place(id: string): DeskClient {
    const last = [...this.#clients.values()].at(-1);
    const isRenewed = last !== undefined && this.#clients.size % 4 === 3 && !last.isLost;
    const server = isRenewed ? last.server : this.servers[this.#clients.size % 2]!;
    const client = {
      server,
      process: server.process,
      cid: isRenewed ? last.cid : server.nextClient(),
      kid: isRenewed ? last.kid + 1 : 0,
      ...{ isKnown: false, isOver: false, isReused: false, isLost: false },
    };
    this.#clients.set(id, client);
    return client;
  }

  async #hear(client: DeskClient, text: string): Promise<Heard> {
    this.#words = [];
    this.#events++;
    this.#decided = Promise.withResolvers();
    client.server.feed(text);
    assert.equal(this.#desk.inFlight, 1, "it is looked at, once");
    const fields = await this.#decided.promise;
    this.#decided = null;
    const key = `${client.cid} ${client.kid}`;
    assert(this.#words.every((word) => word.key === key), "nobody else is told anything");
    return { fields, labels: this.#labels!, words: this.#words.map(({ word }) => word) };
  }

  /** Where the service has not heard of a login, it says only what can cut off nobody. */
  #assertDelivered({ isKnown }: DeskClient, { labels, words }: Heard): void {
    const { outcome, reason } = labels;
    const isTold = outcome === "refused" && (isKnown || OF_OPEN_CHALLENGES.test(reason!));
    assert.equal(words.length, outcome === "accepted" || isTold ? 1 : 0, `${outcome} ${reason}`);
    this.hasTold = words.length > 0;
  }

  #heard(key: string, word: Word): void {
    this.#words.push({ key, word });
    if (word[0] !== "client-auth-nt") return;
    this.#letIn++;
    const { rows } = this.#books.prepare(
      "SELECT count(*) AS rows FROM decisions WHERE outcome = 'accepted'",
    ).get() as { rows: number };
    if (rows < this.#letIn) this.wrongs.push("let in, and not in the audit trail before");
  }

  #answer(client: DeskClient, { id: _, ...who }: Attempt, code: string | null): string {
    const response = new TextEncoder().encode(code ?? "none").toBase64();
    return clientBlock(`CR_RESPONSE,${client.cid},${client.kid},${response}`, {
      ...this.#variables(client),
      ...variablesOf(who),
      common_name: who.commonName ?? "",
    });
  }

  #variables({ process, server }: DeskClient): Record<string, string> {
    return { ...server.variables, daemon_pid: `${4711 + process}` };
  }

  /** Other settings, as after SIGHUP. */
  #allow(challengeMethods: readonly ChallengeMethod[]): void {
    if (this.#current.settings.challengeMethods === challengeMethods) return;
    const settings = { ...this.#rules.settings, challengeMethods };
    this.#current.change({ ...this.#rules, settings });
  }
}

function variablesOf({ loginName, commonName, address }: Omit<Attempt, "id">) {
  return {
    username: loginName,
    ...commonName === null ? {} : { common_name: commonName },
    ...address === null ? {} : addressAs("untrusted", address),
  };
}

function addressAs(kind: string, address: string): Record<string, string> {
  return { [`${kind}_ip${address.includes(":") ? "6" : ""}`]: address };
}

/** Password and code as the client sends them; only digits can be appended. */
function passwordOf({ password, nth, method, code }: Sent): string {
  const text = textOfPassword(password, nth);
  const isAppended = method === "append" && code !== null && /^\d+$/.test(code);
  if (isAppended) return `${text}${code}`;
  if (method !== "static" && method !== "append") return text;
  const base64 = (text: string) => new TextEncoder().encode(text).toBase64();
  return `SCRV1:${base64(text)}:${base64(code ?? "none")}`;
}
