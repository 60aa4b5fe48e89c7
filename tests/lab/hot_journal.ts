/**
 * A journal of SQLite's that is left of a write (its file format, section 3): playing it back changes
 * no page of the database.
 *
 * @param database the bytes of the database
 * @param names another file, which SQLite deletes once the journal is played back (the name of a
 *   super-journal); null for none
 */
export function hotJournal(database: Uint8Array, names: string | null): Uint8Array {
  const PAGE_SIZE_OFFSET = 16;
  const SECTOR_BYTES = 512;
  const pageBytes = new DataView(database.buffer, database.byteOffset).getUint16(PAGE_SIZE_OFFSET);
  const header = new Uint8Array(SECTOR_BYTES);
  header.set(MAGIC);
  const fields = [0, 1, database.length / pageBytes, SECTOR_BYTES, pageBytes];
  fields.forEach((value, i) => new DataView(header.buffer).setUint32(8 + 4 * i, value));
  if (names === null) return header;

  const PENDING_BYTE = 0x40000000;
  const name = new TextEncoder().encode(names);
  const record = new Uint8Array(4 + name.length + 8 + MAGIC.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, PENDING_BYTE / pageBytes + 1);
  record.set(name, 4);
  view.setUint32(4 + name.length, name.length);
  view.setUint32(8 + name.length, name.reduce((sum, byte) => sum + byte, 0));
  record.set(MAGIC, 12 + name.length);
  return Uint8Array.from([...header, ...record]);
}

/** How a journal begins, and how one ends that names another file. */
const MAGIC = Uint8Array.fromHex("d9d505f920a163d7");
