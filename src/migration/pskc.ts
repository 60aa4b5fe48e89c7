import type { EntryChoice } from "./entry_choice.ts";
import { addKeyPackage } from "./pskc_key.ts";
import { KeyPackageFields } from "./pskc_fields.ts";
import { type Reading, UnreadableSource } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";
import { decodeText } from "./text.ts";
import { readXml } from "./xml_events.ts";

/**
 * Reads a Portable Symmetric Key Container (RFC 6030), which makers of hardware tokens deliver, with
 * keys in the clear.
 *
 * @throws UnreadableSource
 */
export function readPskc(content: Uint8Array, choice: EntryChoice = {}): Reading {
  const reading = new ReadingBuilder(choice);
  let count = 0;
  const fields = new KeyPackageFields((found) => {
    addKeyPackage(reading, `key package ${++count}`, found);
  });
  readXml(decodeText(content), fields);
  if (count === 0) throw new UnreadableSource("it has no key packages of RFC 6030 (PSKC)");
  return reading.finish();
}
