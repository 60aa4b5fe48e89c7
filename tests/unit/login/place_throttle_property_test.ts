import assert from "node:assert/strict";
import fc from "fast-check";
import type { KnownPlace } from "../../../src/core/known_place.ts";
import { levelAt, type PlaceFailures, placesOf } from "../../../src/core/throttle.ts";
import { PlaceThrottle } from "../../../src/login/place_throttle.ts";
import type { LoginRecords } from "../../../src/store/store.ts";
import { holds } from "../../lab/fuzz.ts";

const RULE = { freeFailures: 3, maxWaitSeconds: 300 };

/** What a throttle keeps, without a database. */
class Books {
  readonly failures = new Map<string, PlaceFailures>();
  readonly #known = new Map<string, KnownPlace>();
  readonly records = {
    findPlaceFailures: (key: string) => Promise.resolve(this.failures.get(key) ?? null),
    findFailuresOfPlaces: (keys: string[]) =>
      Promise.resolve(keys.map((key) => this.failures.get(key) ?? null)),
    findKnownPlace: (key: string) => Promise.resolve(this.#known.get(key) ?? null),
    saveKnownPlace: (key: string, place: KnownPlace) => {
      this.#known.set(key, place);
      return Promise.resolve();
    },
    savePlaceFailures: (key: string, failures: PlaceFailures | null) => {
      if (failures === null) this.failures.delete(key);
      else this.failures.set(key, failures);
      return Promise.resolve();
    },
  } as unknown as LoginRecords;
}

/** Two users in three addresses of one /24, and in three /64 of one /56. */
const act = fc.record({
  user: fc.constantFrom("mallory", "mallory", "alice"),
  address: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8:0:1::1", "2001:db8:0:2::1"),
  connectedFrom: fc.constantFrom(null, null, null, "192.0.2.1", "2001:db8:0:1::1"),
  what: fc.constantFrom("fails", "fails", "fails", "passes", "logs in"),
  pauseMs: fc.oneof(fc.constant(0), fc.nat(100_000), fc.nat(400_000), fc.constant(28 * 86_400_000)),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** A failure that counts in networks. */
interface Counted extends Pick<Act, "user" | "address"> {
  at: number;
}

/** What failures at these moments come to, as a queue that is served at a steady rate. */
function levelOf(times: readonly number[], takenBackAfterMs: number, now: number): number {
  const sinceEach = times.map((time, i) => times.length - i - (now - time) / takenBackAfterMs);
  return Math.max(0, ...sinceEach);
}

async function doIt(
  { user, address, connectedFrom, what }: Act,
  { records, failures }: Books,
  now: number,
): Promise<boolean> {
  const attempt = { id: "x", loginName: user, commonName: null, address };
  const throttle = new PlaceThrottle(RULE, attempt, what === "fails" ? connectedFrom : null);
  const { networks: [narrow] } = placesOf(user, address, RULE);
  const before = failures.get(narrow!.key);
  if (what === "fails") await throttle.count(records, now);
  else await throttle.passed(records, now, await throttle.count(records, now));
  if (what === "logs in") await throttle.recordLogin(records, user, now);
  return what === "fails" && failures.get(narrow!.key) !== before;
}

Deno.test("whoever passes takes back their own failures here, and nobody else's", async () => {
  const acts = fc.array(act, { minLength: 2, maxLength: 30 });
  await holds(
    fc.asyncProperty(acts, async (acts) => {
      const books = new Books();
      let now = 1e12;
      let standing: Counted[] = [];
      for (const one of acts) {
        now += one.pauseMs;
        const isCounted = await doIt(one, books, now);
        const { user, address, what } = one;
        if (isCounted) standing.push({ user, address, at: now });
        else if (what !== "fails") {
          standing = standing.filter((other) => other.user !== user || other.address !== address);
        }
        assertStanding(standing, books, now);
      }
    }),
    500,
  );
});

/** Asserts that each network counts at least the failures of all who have not passed since. */
function assertStanding(standing: readonly Counted[], { failures }: Books, now: number): void {
  const keys = new Set(standing.flatMap(({ address }) => keysOf(address)));
  for (const key of keys) {
    const there = standing.filter(({ address }) => keysOf(address).includes(key));
    const scope = placesOf("x", there[0]!.address, RULE).networks.find((one) => one.key === key)!;
    const least = levelOf(there.map(({ at }) => at), scope.takenBackAfterMs, now);
    const level = levelAt(failures.get(key) ?? null, scope, now);
    assert(level >= least - 1e-6, `${key}: ${level} of ${least}`);
  }
}

function keysOf(address: string): string[] {
  return placesOf("x", address, RULE).networks.map(({ key }) => key);
}
