import { OpenvpnClient } from "../tests/lab/openvpn_client.ts";
import type { OpenvpnServer } from "../tests/lab/openvpn_server.ts";
import { codeOf } from "../tests/lab/program.ts";
import { type Contender, CONTENDERS, startServer } from "./contender.ts";
import { figure, largest, median } from "./numbers.ts";
import { connected, enter, loginOf } from "./client_login.ts";
import type { Person } from "./people.ts";
import type { Section } from "./report.ts";
import type { Rig } from "./rig.ts";
import { longestGap, PACE_MS, type Span, spanOf, Traffic } from "./traffic.ts";

/** What a client does while another one's traffic is watched. */
const EVENTS = ["idle", "right password", "wrong password", "code"] as const;

type Event = typeof EVENTS[number];

/** How long each time without a login is. */
const IDLE_MS = 1000;

/** The longest gaps around one contender's events, in milliseconds; a number for each round. */
type Gaps = Record<Event, number[]>;

/** Measures the longest gap in a running client's traffic while another one logs in. */
export async function measureGaps(rig: Rig, rounds: number): Promise<Section> {
  const measured: { contender: Contender; gaps: Gaps }[] = [];
  for (const contender of CONTENDERS) {
    measured.push({ contender, gaps: await gapsOf(contender, rig, rounds) });
  }
  const cell = (gaps: number[]) =>
    gaps.length === 0 ? "–" : `${figure(median(gaps))} (${figure(largest(gaps))})`;
  return {
    title: "Longest gap in a running client's traffic while another one logs in",
    text: [
      `A real OpenVPN server sends a packet to client A every ${PACE_MS} ms, while client B logs in; ` +
      `both are real clients. The longest time between two packets, in ms: the median of ${rounds} ` +
      "rounds, and in brackets the maximum. “Idle” is a second without a login, before each round. " +
      "“Certificate alone” has no second factor: it is what a connection itself costs.",
    ],
    head: ["", ...EVENTS],
    rows: measured.map(({ contender, gaps }) => [
      contender.name,
      ...EVENTS.map((event) => cell(gaps[event])),
    ]),
    notes: [
      "The plugin gets the code together with the password (a static challenge). All of them ask the " +
      "same PAM rules for the password, with `pam_unix`.",
    ],
    picture: { file: "gaps.svg", bars: barsOf(measured) },
  };
}

function barsOf(measured: { contender: Contender; gaps: Gaps }[]) {
  return {
    title: "Longest gap in another client's traffic (median)",
    unit: "ms",
    groups: EVENTS.map((event) => ({
      name: event,
      bars: measured.map(({ contender, gaps }) => ({
        name: contender.name,
        value: median(gaps[event]),
        label: figure(median(gaps[event]), "ms"),
      })),
    })),
  };
}

async function gapsOf(contender: Contender, rig: Rig, rounds: number): Promise<Gaps> {
  await using started = await startServer(contender, rig);
  const { server } = started;
  const [watched, other] = rig.people;
  await using client = await OpenvpnClient.connect(server, loginOf(contender, watched!));
  const address = await enter(contender, client, watched!);
  await using traffic = Traffic.start(server.network, address);
  const spans: [Event, Span][] = [];
  for (let round = 0; round < rounds; round++) {
    spans.push(["idle", await spanOf(() => pause(IDLE_MS))]);
    rig.forget();
    spans.push(...await logIn(contender, server, other!));
    if (contender.code === "none") continue;
    spans.push(["wrong password", await failToLogIn(contender, server, other!)]);
  }
  const arrivals = await traffic.end();
  const gaps: Gaps = { idle: [], "right password": [], "wrong password": [], code: [] };
  for (const [event, span] of spans) gaps[event].push(longestGap(arrivals, span));
  return gaps;
}

/** Has a client log in, and says when each step was. */
async function logIn(
  contender: Contender,
  server: OpenvpnServer,
  person: Person,
): Promise<[Event, Span][]> {
  const login = loginOf(contender, person);
  await using client = await OpenvpnClient.prepare(server, login);
  await pause(100);
  const first = await spanOf(async () => {
    await client.begin(login);
    await (contender.code === "step" ? client.challenge() : connected(client));
  });
  if (contender.code !== "step") return [["right password", first]];
  const second = await spanOf(async () => {
    await client.answer(codeOf(person.secret));
    await connected(client);
  });
  return [["right password", first], ["code", second]];
}

async function failToLogIn(
  contender: Contender,
  server: OpenvpnServer,
  person: Person,
): Promise<Span> {
  const login = loginOf(contender, { ...person, password: "wrong" });
  await using client = await OpenvpnClient.prepare(server, login);
  await pause(100);
  return await spanOf(async () => {
    await client.begin(login);
    const outcome = await client.outcome();
    if (outcome.connected) throw new Error(`${contender.name} took a wrong password`);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
