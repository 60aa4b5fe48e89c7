import { SaxesParser } from "saxes";
import { UnreadableSource } from "./reading.ts";

/** What a document consists of, in its order. */
export interface XmlHandler {
  /** @param attributes by their names without a prefix */
  open(element: XmlName, attributes: ReadonlyMap<string, string>): void;
  /** Text between two tags, with its white space. */
  text(text: string): void;
  close(): void;
}

/** An element's name. */
export interface XmlName {
  /** Without a prefix. */
  local: string;
  /** The URI of the namespace; empty for none. */
  namespace: string;
}

/** Many more than any key container has. */
const MAX_DEPTH = 32;
const MAX_ATTRIBUTES = 32;

/**
 * Reads a document of XML 1.0 with namespaces. There are no entities but the five of XML itself,
 * since a document type is refused: it could expand without bounds, or name files.
 *
 * @throws UnreadableSource, which shows nothing of the document
 */
export function readXml(text: string, handler: XmlHandler): void {
  const parser = new SaxesParser({ xmlns: true });
  let depth = 0;
  parser.on("error", () => {
    throw new UnreadableSource(`it is not well-formed XML (line ${parser.line})`);
  });
  parser.on("doctype", () => {
    throw new UnreadableSource("it has a document type (DOCTYPE), which is not allowed");
  });
  parser.on("opentagstart", () => {
    if (++depth > MAX_DEPTH) throw new UnreadableSource("its elements are nested too deeply");
  });
  let attributes = 0;
  parser.on("attribute", () => {
    if (++attributes > MAX_ATTRIBUTES) throw new UnreadableSource("a tag has too many attributes");
  });
  parser.on("opentag", ({ local, uri, attributes: found }) => {
    attributes = 0;
    const named = Object.values(found).map((one) => [one.local, one.value] as const);
    handler.open({ local, namespace: uri }, new Map(named));
  });
  parser.on("text", (text) => handler.text(text));
  parser.on("cdata", (text) => handler.text(text));
  parser.on("closetag", () => {
    depth--;
    handler.close();
  });
  parser.write(text).close();
}
