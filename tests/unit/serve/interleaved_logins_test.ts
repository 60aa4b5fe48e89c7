import assert from "node:assert/strict";
import fc from "fast-check";
import { CROWD, CROWD_PASSWORD, crowdSecret, DeskCrowd, EXEMPT } from "../../lab/desk_crowd.ts";
import type { DeskServer } from "../../lab/desk_server.ts";
import { holds } from "../../lab/fuzz.ts";
import { codeAt } from "../../lab/login_rules.ts";
import { clientBlock, type Word } from "../../lab/openvpn_keys.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";

/** Something that happens while other logins are being decided about. */
type Event =
  | { is: "login"; who: number; server: number; isRight: boolean; method: Method; step: number }
  | { is: "answer"; back: number; isRight: boolean; isAsked: boolean }
  | { is: "answer to a state"; back: number; server: number; isRight: boolean }
  | { is: "whole login"; who: number; server: number; turns: number }
  | { is: "leave" | "go on"; back: number }
  | { is: "restart" | "next step" }
  | { is: "reconnect"; server: number }
  | { is: "rest"; turns: number };

type Method = "crtext" | "static" | "dynamic";

/** A client's login on one key. */
interface Login {
  server: DeskServer;
  key: string;
  user: number;
  /** Whether the password is right, or the state that stands for one. */
  isProven: boolean;
  /** The time step of each code that is right. */
  step: number;
  /** Whether a right code was sent. */
  hasCode: boolean;
  /** Whether it was heard of by the service that is connected now. */
  isHeard: boolean;
  isGone: boolean;
  words: Word[];
}

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: login() },
    {
      weight: 5,
      arbitrary: fc.record({
        is: fc.constant("answer" as const),
        back: fc.nat(3),
        isRight: fc.constantFrom(true, true, false),
        isAsked: fc.constantFrom(true, true, false),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        is: fc.constant("answer to a state" as const),
        back: fc.nat(2),
        server: fc.nat(1),
        isRight: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        is: fc.constant("whole login" as const),
        who: fc.nat(2),
        server: fc.nat(1),
        turns: fc.constantFrom(0, 1, 5, 20),
      }),
    },
    { weight: 5, arbitrary: fc.record({ is: fc.constant("go on" as const), back: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("leave" as const), back: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ is: fc.constant("rest" as const), turns: fc.nat(6) }) },
    {
      weight: 3,
      arbitrary: fc.record({ is: fc.constantFrom("restart", "next step", "next step") }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ is: fc.constant("reconnect" as const), server: fc.nat(1) }),
    },
  ) as fc.Arbitrary<Event>,
  { minLength: 10, maxLength: 80, size: "max" },
);

function login(): fc.Arbitrary<Event> {
  return fc.record({
    is: fc.constant("login" as const),
    who: fc.nat(CROWD.length - 1),
    server: fc.nat(1),
    isRight: fc.constantFrom(true, true, true, false),
    method: fc.constantFrom("crtext", "crtext", "static", "dynamic"),
    step: fc.constantFrom(0, 0, 1, -1),
  });
}

/** Plays events, and holds every word of the service's against what was sent. */
class Play {
  readonly crowd: DeskCrowd;
  readonly logins: Login[] = [];
  /** States of dynamic challenges, and whose they are. */
  readonly #states: { state: string; user: number; step: number }[] = [];
  /** What was accepted: a user's time step. */
  readonly #used = new Set<string>();

  private constructor(crowd: DeskCrowd) {
    this.crowd = crowd;
  }

  static async with(directory: { path: string; db: string }, maxLogins: number): Promise<Play> {
    const told = (server: DeskServer, key: string, word: Word) => play.#told(server, key, word);
    const play: Play = new Play(await DeskCrowd.start(directory, maxLogins, told));
    return play;
  }

  async happen(event: Event): Promise<void> {
    const { crowd, logins } = this;
    switch (event.is) {
      case "login":
        return this.#logIn(event);
      case "whole login":
        return await this.#whole(event);
      case "answer":
        return this.#answer(this.#whom(event), event.isRight);
      case "answer to a state":
        return this.#answerState(event);
      case "leave":
        return this.#leave(logins.at(-1 - event.back));
      case "go on":
        return crowd.gates.splice(event.back, 1)[0]?.();
      case "rest":
        return await crowd.rest(event.turns);
      case "next step":
        crowd.now += 30_000;
        return;
      case "restart":
        for (const login of logins) login.isHeard = false;
        return crowd.restart();
      case "reconnect": {
        const server = crowd.servers[event.server]!;
        for (const login of logins) if (login.server === server) login.isHeard = false;
        return crowd.reconnect(server);
      }
    }
  }

  /** Each login that the present service has heard of has one word, and at most a verdict after it. */
  check(): void {
    for (const { words, isHeard, isGone } of this.logins) {
      const names = words.map(([name]) => name);
      if (isHeard && !isGone) assert(names.length >= 1, "an answer to each login");
      assert(names.length <= 1 || names.length === 2 && names[0] === "client-pending-auth");
    }
  }

  #logIn({ who, server, isRight, method, step }: Event & { is: "login" }): void {
    const login = this.#begin(this.crowd.servers[server]!, who, step);
    login.isProven = isRight;
    const password = isRight ? CROWD_PASSWORD : "battery staple";
    const code = codeAt(crowdSecret(who), login.step * 30_000);
    if (method === "static") login.hasCode = true;
    const base64 = (text: string) => new TextEncoder().encode(text).toBase64();
    this.#send(login, {
      password: method === "static" ? `SCRV1:${base64(password)}:${base64(code)}` : password,
      ...method === "crtext" ? { IV_SSO: "crtext" } : {},
    });
  }

  /** A login as it should be, among all others. */
  async #whole({ who, server, turns }: Event & { is: "whole login" }): Promise<void> {
    this.crowd.now += 30_000;
    this.#logIn({ is: "login", who, server, isRight: true, method: "crtext", step: 0 });
    const login = this.logins.at(-1);
    await this.crowd.rest(turns);
    this.crowd.gates.pop()?.();
    await this.crowd.rest(turns);
    this.#answer(login, true);
  }

  #answerState({ back, server, isRight }: Event & { is: "answer to a state" }): void {
    const state = this.#states.at(-1 - back);
    if (state === undefined) return;
    const login = this.#begin(this.crowd.servers[server]!, state.user, 0);
    Object.assign(login, { isProven: true, hasCode: isRight, step: state.step });
    this.#send(login, { password: `CRV1::${state.state}::${this.#codeOf(login, isRight)}` });
  }

  #begin(server: DeskServer, user: number, offset: number): Login {
    const login = {
      server,
      key: `${server.nextClient()} 1`,
      user,
      step: Math.floor(this.crowd.now / 30_000) + offset,
      ...{ isProven: false, hasCode: false, isHeard: true, isGone: false, words: [] },
    };
    this.logins.push(login);
    server.keys.ask(login.key);
    return login;
  }

  #send({ server, key, user }: Login, more: Record<string, string>): void {
    server.feed(clientBlock(`CONNECT,${key.replace(" ", ",")}`, {
      ...server.variables,
      ...{ username: CROWD[user]!, untrusted_ip: "192.0.2.1", ...more },
    }));
  }

  #whom({ back, isAsked }: Event & { is: "answer" }): Login | undefined {
    const among = this.logins.filter(({ server, key }) =>
      !isAsked || server.keys.stateOf(key) === "pending"
    );
    return among.at(-1 - back) ?? among.at(-1);
  }

  #answer(login: Login | undefined, isRight: boolean): void {
    if (login === undefined || login.isGone) return;
    // OpenVPN ends a client that was refused before it hears another service.
    if (!login.isHeard && login.server.keys.stateOf(login.key) === "out") return;
    login.hasCode ||= isRight;
    const { server, key, user } = login;
    const response = new TextEncoder().encode(this.#codeOf(login, isRight)).toBase64();
    server.feed(clientBlock(`CR_RESPONSE,${key.replace(" ", ",")},${response}`, {
      ...server.variables,
      ...{ username: CROWD[user]!, common_name: "", untrusted_ip: "192.0.2.1" },
    }));
  }

  #codeOf({ user, step }: Login, isRight: boolean): string {
    const right = [-9, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 9]
      .map((n) => codeAt(crowdSecret(user), (step + n) * 30_000));
    const wrong = ["000000", "111111", "222222"].find((code) => !right.includes(code))!;
    return isRight ? codeAt(crowdSecret(user), step * 30_000) : wrong;
  }

  #leave(login: Login | undefined): void {
    if (login === undefined || login.isGone) return;
    login.isGone = true;
    const [cid] = login.key.split(" ");
    login.server.keys.leave(cid!);
    login.server.feed(clientBlock(`DISCONNECT,${cid}`, login.server.variables));
  }

  #told(server: DeskServer, key: string, word: Word): void {
    const login = this.logins.find((login) => login.server === server && login.key === key)!;
    if (login.isGone) this.crowd.wrongs.push(`to one that has gone: ${word}`);
    login.words.push(word);
    const { user, step, isProven, hasCode } = login;
    const [, flags, state] = word[4]?.match(/^CRV1:([^:]*):([^:]*):/) ?? [];
    if (flags !== undefined) this.#states.push({ state: state!, user, step });
    if (word[0] !== "client-auth-nt") return;
    if (!isProven) this.crowd.wrongs.push("let in without the password");
    if (CROWD[user] === EXEMPT) return;
    if (!hasCode) this.crowd.wrongs.push("let in without a code");
    if (this.#used.has(`${user} ${step}`)) this.crowd.wrongs.push("let in by a code that was used");
    this.#used.add(`${user} ${step}`);
  }
}

Deno.test("decisions that overlap in any order let nobody in twice, or without password and code", async () => {
  let letIn = 0;
  let runs = 0;
  await holds(
    fc.asyncProperty(events, fc.constantFrom(1, 3, 50), async (events, maxLogins) => {
      await using directory = await makeTestDirectory(memoryDirectory());
      const play = await Play.with(directory, maxLogins);
      using crowd = play.crowd;
      for (const event of events) await play.happen(event);
      await crowd.finish();
      play.check();
      letIn += crowd.letIn;
      runs++;
    }),
    100,
  );
  assert(letIn > runs, `${letIn} were let in`);
});
