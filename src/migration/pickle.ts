import { decodeBase32 } from "../text/base32.ts";
import { PickleMachine } from "./pickle_machine.ts";
import type { Reading } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";

/**
 * Reads the older Python script's index: a pickled dictionary of usernames and secrets in base32.
 *
 * @throws UnreadableSource for any other pickle
 */
export function readPickle(content: Uint8Array): Reading {
  const reading = new ReadingBuilder();
  const dictionary = new PickleMachine(content).run();
  let count = 0;
  for (const [username, secret] of dictionary) {
    reading.add({ place: `entry ${++count}`, username, secret: decodeBase32(secret) });
  }
  return reading;
}
