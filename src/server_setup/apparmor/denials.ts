import { type ReadPart, withParts } from "../../system/file_tail.ts";
import { decodeHex } from "../../text/hex.ts";
import { decodeLatin1 } from "../../text/latin1.ts";

/** Something that AppArmor has refused OpenVPN. */
export interface Denial {
  /** Seconds since 1970, UTC. */
  second: number;
  /** Such as `exec`. */
  operation: string;
  /** The file; any characters may be in it. */
  name: string;
}

/** Where a system keeps what its kernel says, as text. */
const TEXT_LOGS = ["/var/log/audit/audit.log", "/var/log/kern.log", "/var/log/syslog"];

/** Where it keeps it as a journal: in a directory for each machine. */
const JOURNALS = ["/var/log/journal", "/run/log/journal"];

/** So many bytes at the end of a log are read. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Reads the end of what a log's file holds. */
type Tail = (size: number, read: ReadPart) => Uint8Array;

/**
 * What a profile has refused lately, as far as the logs say so, the latest last. No program is run
 * for it. Any user can write lines like these into a system's log, so they prove nothing.
 *
 * @param root in front of each path; empty on a running system
 */
export function readDenials(profile: string, root: string): Denial[] {
  const tails = [
    ...TEXT_LOGS.map((path) => tailOf(root + path, endOfText)),
    ...JOURNALS.flatMap((path) => journalsIn(root + path))
      .map((path) => tailOf(path, endOfJournal)),
  ];
  const found = new Map(tails.flatMap((tail) => denialsIn(tail, profile)));
  return [...found.values()].sort((one, other) => one.second - other.second);
}

function tailOf(path: string, tail: Tail): string {
  try {
    // Faster than byte by byte, and the same for what is looked for.
    return new TextDecoder("latin1").decode(withParts(path, tail));
  } catch {
    return "";
  }
}

const endOfText: Tail = (size, read) => {
  const start = Math.max(0, size - MOST_BYTES);
  return read(start, size - start);
};

/**
 * The end of a journal's objects, behind which its file is empty
 * (https://systemd.io/JOURNAL_FILE_FORMAT/). Messages stand in them as they are, up to a length that
 * refusals seldom have: only longer ones are compressed (`Compress=` in journald.conf(5)).
 */
const endOfJournal: Tail = (size, read) => {
  const HEADER_BYTES = 144;
  const TAIL_OBJECT_OFFSET = 136;
  const header = read(0, HEADER_BYTES);
  if (decodeLatin1(header.subarray(0, 8)) !== "LPKSHHRH") return new Uint8Array();
  const last = Number(new DataView(header.buffer).getBigUint64(TAIL_OBJECT_OFFSET, true));
  const end = Math.min(size, last + 64 * 1024);
  const start = Math.max(0, end - MOST_BYTES);
  return read(start, Math.max(0, end - start));
};

function journalsIn(directory: string): string[] {
  try {
    return Array.from(
      Deno.readDirSync(directory),
      ({ name }) => `${directory}/${name}/system.journal`,
    );
  } catch {
    return [];
  }
}

/** A record of the kernel's audit, whatever stands before and behind it. */
const RECORD = /audit\((\d{1,11})\.(\d{3}:\d{1,20})\): (apparmor="DENIED" [\x20-\x7e]{1,4000})/g;

/** So many of a log's records are kept, the last ones. */
const MOST_RECORDS = 10_000;

/** Each with a key by which the same one is known in several logs. */
function denialsIn(text: string, profile: string): [key: string, denial: Denial][] {
  const found: [key: string, denial: Denial][] = [];
  for (const [, second, rest, record = ""] of text.matchAll(RECORD)) {
    if (fieldOf(record, PROFILE) !== profile) continue;
    const operation = fieldOf(record, OPERATION);
    const name = fieldOf(record, NAME);
    found.push([`${second}.${rest}`, { second: Number(second), operation, name }]);
    if (found.length === 2 * MOST_RECORDS) found.splice(0, MOST_RECORDS);
  }
  return found.slice(-MOST_RECORDS);
}

/** A value is in quotes; one with characters that do not fit there is in hexadecimal. */
const PROFILE = / profile=(?:"([^"]*)"|([0-9A-F]+)(?: |$))/;
const OPERATION = / operation=(?:"([^"]*)"|([0-9A-F]+)(?: |$))/;
const NAME = / name=(?:"([^"]*)"|([0-9A-F]+)(?: |$))/;

function fieldOf(record: string, field: RegExp): string {
  const [, text, hex] = record.match(field) ?? [];
  return text ?? (hex === undefined ? "" : new TextDecoder().decode(decodeHex(hex) ?? undefined));
}
