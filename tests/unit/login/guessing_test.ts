import assert from "node:assert/strict";
import { LoginSimulation } from "../../lab/login_simulation.ts";

/** From which address an attacker makes a guess, by its number. */
type Addresses = (guess: number) => string;

/** Attackers who use all their addresses in turn, those of wider networks first. */
const ATTACKERS: Record<string, Addresses> = {
  "one address": () => "192.0.2.1",
  "a /24 of IPv4": (guess) => `192.0.2.${guess % 256}`,
  "a /64": (guess) => `2001:db8:0:0:${hex(guess)}::1`,
  "a /56": (guess) => `2001:db8:0:${hex(guess % 256)}::1`,
  "a /48": (guess) => `2001:db8:0:${hex(guess % 256 * 256 + Math.floor(guess / 256) % 256)}::1`,
};

function hex(number: number): string {
  return number.toString(16);
}

/**
 * How many guesses an attacker has on the first day, who makes each as soon as it is looked at, and
 * each at another user.
 */
async function guessesPerDay(addressOf: Addresses, isExternal: boolean): Promise<number> {
  using simulation = await LoginSimulation.start([], isExternal);
  let guesses = 0;
  const guess = async () => {
    const { waitSeconds } = await simulation.login({
      user: `user${guesses}`,
      address: addressOf(guesses),
      password: `guess ${guesses}`,
    });
    if (waitSeconds === 0) guesses++;
    simulation.after(waitSeconds || 0.1, guess);
  };
  await guess();
  await simulation.run(24 * 3600 - 1);
  return guesses;
}

const SECURITY = Deno.readTextFileSync(
  new URL("../../../docs/SECURITY.md", import.meta.url),
);

for (const [attacker, addressOf] of Object.entries(ATTACKERS)) {
  Deno.test(`an attacker with ${attacker} has as many guesses a day as SECURITY.md says`, async () => {
    const row = SECURITY.match(new RegExp(`^\\| ${attacker} +\\|(.+)\\|$`, "m"))?.[1];
    const stated = row?.split("|").map((cell) => Number(cell.replace(",", ""))) ?? [];
    assert.deepEqual(stated, [
      await guessesPerDay(addressOf, false),
      await guessesPerDay(addressOf, true),
    ]);
  });
}
