import { decodeBase32 } from "../text/base32.ts";
import { PickleMachine } from "./pickle_machine.ts";
import { Findings, type Reading } from "./reading.ts";

/**
 * Reads the older Python script's index: a pickle of a dictionary of usernames and secrets in base32.
 *
 * @throws UnreadableSource for any other pickle
 */
export function readPickle(content: Uint8Array): Reading {
  const findings = new Findings();
  const dictionary = new PickleMachine(content).run();
  let count = 0;
  for (const [username, secret] of dictionary) {
    findings.add({
      place: `entry ${++count}`,
      username,
      secret: decodeBase32(secret),
    });
  }
  return findings;
}
