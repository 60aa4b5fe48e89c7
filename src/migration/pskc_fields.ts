import { UnreadableSource } from "./reading.ts";
import type { XmlHandler, XmlName } from "./xml_events.ts";

/** The namespace of PSKC; drafts append a version. */
const NAMESPACE = "urn:ietf:params:xml:ns:keyprov:pskc";

/** What is read of a key package: paths of elements in it, and of their attributes behind `@`. */
const FIELDS = [
  "DeviceInfo/SerialNo",
  "DeviceInfo/UserId",
  "Key@Algorithm",
  "Key/Issuer",
  "Key/UserId",
  "Key/AlgorithmParameters/Suite",
  "Key/AlgorithmParameters/ResponseFormat@Length",
  "Key/AlgorithmParameters/ResponseFormat@Encoding",
  "Key/AlgorithmParameters/ResponseFormat@CheckDigits",
  "Key/Data/Secret/PlainValue",
  "Key/Data/Time/PlainValue",
  "Key/Data/TimeInterval/PlainValue",
  "Key/Policy/PINPolicy",
] as const;

/** The fields whose text is meant; of the other ones, only that they are there. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(
  FIELDS.filter((field) => field !== "Key/Policy/PINPolicy"),
);

/** One of the fields that are read. */
export type PskcField = typeof FIELDS[number];

/** The text of each field that a key package has, without white space around it. */
export type PskcFields = ReadonlyMap<PskcField, string>;

/** The longest text of a field, in characters. */
const MAX_TEXT = 4096;

/** Collects the fields of each key package of a document. */
export class KeyPackageFields implements XmlHandler {
  readonly #done: (fields: PskcFields) => void;
  readonly #path: string[] = [];
  #fields = new Map<PskcField, string>();
  #text = "";

  /** @param done called at the end of each key package */
  constructor(done: (fields: PskcFields) => void) {
    this.#done = done;
  }

  open({ local, namespace }: XmlName, attributes: ReadonlyMap<string, string>): void {
    if (TEXT_FIELDS.has(this.#place)) {
      throw new UnreadableSource(`${this.#place} has an element in its text`);
    }
    const isOfPskc = namespace === NAMESPACE || namespace.startsWith(`${NAMESPACE}:`);
    // An element of another namespace is none of these, whatever its name.
    this.#path.push(isOfPskc ? local : "?");
    if (isOfPskc && local === "EncryptedValue") throw encrypted();
    if (this.#path.length === 1 && this.#path[0] !== "KeyContainer") {
      throw new UnreadableSource("it is not a key container of RFC 6030 (PSKC)");
    }
    this.#text = "";
    for (const [name, value] of attributes) this.#take(`${this.#place}@${name}`, value);
  }

  text(text: string): void {
    if (this.#text.length <= MAX_TEXT) this.#text += text;
  }

  close(): void {
    this.#take(this.#place, this.#text);
    this.#text = "";
    if (this.#path.join("/") === "KeyContainer/KeyPackage") {
      this.#done(this.#fields);
      this.#fields = new Map();
    }
    this.#path.pop();
  }

  /** The path of the current element within its key package. */
  get #place(): string {
    const [, keyPackage, ...rest] = this.#path;
    return keyPackage === "KeyPackage" ? rest.join("/") : "";
  }

  #take(place: string, text: string): void {
    const field = FIELDS.find((field) => field === place);
    if (field === undefined) return;
    if (this.#fields.has(field)) throw new UnreadableSource(`a key package has two ${field}`);
    if (text.length > MAX_TEXT) throw new UnreadableSource(`${field} is too long`);
    this.#fields.set(field, text.trim());
  }
}

function encrypted(): UnreadableSource {
  return new UnreadableSource(
    "its keys are encrypted: decrypt it first, for example with pskc2pskc (python-pskc), or ask " +
      "the maker for a file with plain keys",
  );
}
