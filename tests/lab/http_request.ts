/** What came back for a request. */
export interface HttpReply {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Where a server listens. */
export type Listening = Deno.UnixConnectOptions | Deno.ConnectOptions;

/** Connects to a server on either kind of socket. */
export async function connectTo(address: Listening): Promise<Deno.Conn> {
  return "path" in address ? await Deno.connect(address) : await Deno.connect(address);
}

/** Sends bytes as they are, and reads the reply to its end. */
export async function exchange(address: Listening, text: string): Promise<HttpReply> {
  using connection = await connectTo(address);
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
  const reply = await new Response(connection.readable).text();
  const [head, ...rest] = reply.split("\r\n\r\n");
  const [first, ...fields] = head!.split("\r\n");
  const headers = fields.map((field) => field.split(": ") as [string, string]);
  return {
    status: Number(first!.match(/^HTTP\/1\.1 (\d{3}) /)?.[1]),
    headers: new Map(headers.map(([name, value]) => [name.toLowerCase(), value])),
    body: rest.join("\r\n\r\n"),
  };
}

/** Asks for a path, as a client that sends a Host does. */
export function get(address: Listening, path: string, host = "localhost"): Promise<HttpReply> {
  return exchange(address, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
}

/** A port of the loopback address that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
