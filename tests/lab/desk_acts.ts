import fc from "fast-check";
import { act, attemptOf, from, RIGHT, which } from "./login_acts.ts";
import { DeskTrial } from "./desk_trial.ts";
import type { LoginTrial } from "./login_trial.ts";

function deskOf(trial: LoginTrial): DeskTrial {
  if (trial instanceof DeskTrial) return trial;
  throw new Error("these acts need a service");
}

const restartService = act(
  "restartService",
  fc.constant(null),
  (trial) => deskOf(trial).rig.restartService(),
);

const someServer = fc.nat(1);

const restartServer = act("restartServer", someServer, (trial, n) => {
  const { rig } = deskOf(trial);
  rig.restartServer(rig.servers[n]!);
});

const reconnect = act("reconnect", someServer, (trial, n) => {
  const { rig } = deskOf(trial);
  rig.reconnect(rig.servers[n]!);
});

const leave = act("leave", which, (trial, which) => {
  deskOf(trial).rig.leave(attemptOf(trial, which));
});

/** A whole login, and answers after it, some of them to a service that has not seen it. */
const answerOn = act(
  "answerOn",
  fc.record({
    from,
    before: fc.constantFrom("nothing", "restart", "reconnect"),
    between: fc.constantFrom("nothing", "restart", "reconnect"),
    isFirstRight: fc.constantFrom(true, true, false),
    method: fc.constantFrom("crtext", "crtext", "static", "token"),
    further: fc.array(fc.constantFrom(-1, 0, 1, null), { minLength: 1, maxLength: 3 }),
    address: fc.constantFrom(null, null, "192.0.2.9"),
  }),
  async (trial, { from, before, between, isFirstRight, method, further, address }) => {
    const { rig } = deskOf(trial);
    const happen = (what: string) => {
      if (what === "restart") rig.restartService();
      if (what === "reconnect") rig.servers.forEach((server) => rig.reconnect(server));
    };
    const attempt = trial.begin(from);
    const code = trial.codeFor(attempt, isFirstRight ? { step: 0 } : { wrong: 1 });
    if (method === "token") await trial.token(attempt, trial.model.now - trial.model.now % 1000);
    else {await trial.password(attempt, {
        ...RIGHT,
        method,
        code: method === "static" ? code : null,
      });}
    happen(before);
    if (method === "crtext") await trial.code(attempt, code);
    for (const step of further) {
      happen(between);
      const code = trial.codeFor(attempt, step === null ? null : { step });
      await trial.code({ ...attempt, address: address ?? attempt.address }, code);
    }
  },
);

const NOBODY_LEAVES = ">CLIENT:DISCONNECT,999999\r\n>CLIENT:ENV,END\r\n";

/** Lines that say nothing, or belong to nothing. */
const NOISE = [
  ">CLIENT:ENV,END\r\n",
  ">CLIENT:ENV,username=alice\r\n>CLIENT:ENV,password=correct horse\r\n>CLIENT:ENV,END\r\n",
  ">CLIENT:CONNECT,0,0\r\n>CLIENT:ENV,username=alice\r\n",
  NOBODY_LEAVES,
  ">CLIENT:ESTABLISHED,0\r\n>CLIENT:ENV,username=alice\r\n>CLIENT:ENV,END\r\n",
  ">CLIENT:ADDRESS,0,10.8.0.2,1\r\n",
  ">CLIENT:CR_RESPONSE,0\r\n>CLIENT:ENV,username=alice\r\n>CLIENT:ENV,END\r\n",
  ">CLIENT:CONNECT,-1,0\r\n>CLIENT:ENV,username=alice\r\n>CLIENT:ENV,END\r\n",
  ">CLIENT:CONNECT,00,0\r\n>CLIENT:ENV,username=alice\r\n>CLIENT:ENV,END\r\n",
  ">CLIENT:CONNECT,0,99999999999999999999\r\n>CLIENT:ENV,END\r\n",
  ">CLIENT:REAUTH,0,0,0\r\n>CLIENT:ENV,END\r\n",
  ">CLIENT:WHATEVER,0,0\r\n>CLIENT:ENV,END\r\n",
  ">HOLD:Waiting for hold release:0\r\n",
  ">PASSWORD:Need 'Auth' username/password\r\n",
  "SUCCESS: nobody asked\r\n",
  "END\r\n",
  "\r\n",
  "\0\xff\n",
  "x".repeat(70_000) + "\r\n",
];

const noise = act("noise", fc.tuple(someServer, fc.nat(NOISE.length - 1)), (trial, [n, line]) => {
  const { rig } = deskOf(trial);
  // What has begun is cut off by the next event.
  rig.expectNothing(rig.servers[n]!, `${NOISE[line]}${NOBODY_LEAVES}`);
});

/** What happens to a service, and to OpenVPN. */
export const serviceActs = [
  ...[restartService, restartService, restartServer, reconnect, leave, leave],
  ...[answerOn, answerOn, answerOn, noise, noise],
];
