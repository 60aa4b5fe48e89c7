import { decodeLatin1 } from "../../text/latin1.ts";

/** What is read of a request (RFC 9112). */
export interface Request {
  method: string;
  /** Without what follows a question mark. */
  path: string;
  /** Null where there is none, as HTTP/1.0 allows. */
  host: string | null;
}

/** No request for one of three short paths needs more. */
const MAX_BYTES = 8192;

/**
 * Reads a request's head; what may follow it is left.
 *
 * @returns null for anything that is no request, or a head of more than 8 KiB
 * @throws Deno.errors.* when the connection fails
 */
export async function readRequest(
  connection: { read(buffer: Uint8Array): Promise<number | null> },
): Promise<Request | null> {
  const bytes = new Uint8Array(MAX_BYTES);
  for (let length = 0; length < MAX_BYTES;) {
    const count = await connection.read(bytes.subarray(length));
    if (count === null) return null;
    length += count;
    const [head, ...rest] = decodeLatin1(bytes.subarray(0, length)).split("\r\n\r\n");
    if (rest.length > 0) return parseHead(head!.split("\r\n"));
  }
  return null;
}

function parseHead([first = "", ...fields]: readonly string[]): Request | null {
  const [, method, path] = first.match(/^([A-Z]{1,20}) (\/[\x21-\x7e]*) HTTP\/1\.[01]$/) ?? [];
  if (method === undefined || path === undefined) return null;
  const parsed = fields.map((field) => field.match(/^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/));
  if (parsed.some((field) => field === null)) return null;
  const hosts = parsed.filter((field) => field![1]!.toLowerCase() === "host");
  if (hosts.length > 1) return null;
  return { method, path: path.replace(/\?.*/, ""), host: hosts[0]?.[2] ?? null };
}
