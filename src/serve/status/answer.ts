import { EXPOSITION_TYPE } from "../metrics/exposition.ts";
import type { ServerState, ServiceState } from "../../service_state.ts";
import type { Request } from "./request.ts";

/** What the status server tells of. */
export interface StatusSource {
  /** Prometheus's text. */
  metrics(): string;
  state(): ServiceState;
}

/** An answer to a request. */
export interface Answer {
  status: 200 | 400 | 403 | 404 | 405 | 500 | 503;
  type: string;
  body: string;
}

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

/** Names that a browser on this machine can have the loopback address by, whatever DNS says. */
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * Answers a request.
 *
 * @param isTcp a browser can be made to send requests to it: only its own names are answered, so that
 *   no web page can read an answer by a name of its own (DNS rebinding)
 */
export function answerTo(request: Request | null, isTcp: boolean, source: StatusSource): Answer {
  if (request === null) return line(400, "the request could not be read");
  const { method, path, host } = request;
  if (isTcp && host !== null && !LOOPBACK.test(host)) {
    return line(403, "the Host must be localhost, 127.0.0.1 or [::1]");
  }
  const work = ROUTES.get(path);
  if (work === undefined) return line(404, `try ${[...ROUTES.keys()].join(", ")}`);
  if (method !== "GET") return line(405, "only GET is answered");
  try {
    return work(source);
  } catch {
    return line(500, "the service could not answer");
  }
}

const ROUTES = new Map<string, (source: StatusSource) => Answer>([
  ["/metrics", ({ metrics }) => ({ status: 200, type: EXPOSITION_TYPE, body: metrics() })],
  ["/ready", ({ state }) => readiness(state())],
  ["/status", ({ state }) => ({
    status: 200,
    type: JSON_TYPE,
    body: `${JSON.stringify(state())}\n`,
  })],
]);

function readiness({ isStopping, servers }: ServiceState): Answer {
  const reasons = [
    ...isStopping ? ["the service is stopping"] : [],
    ...servers.filter(({ isConnected }) => !isConnected).map(notConnected),
  ];
  return reasons.length === 0 ? line(200, "ready") : line(503, reasons.join("\n"));
}

function notConnected({ address, since }: ServerState): string {
  return `not connected to ${address} since ${new Date(since).toISOString()}`;
}

function line(status: Answer["status"], text: string): Answer {
  return { status, type: TEXT, body: `${text}\n` };
}

/** An answer as it goes over the wire; the connection ends after it. */
export function encodeAnswer({ status, type, body }: Answer): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const head = [
    `HTTP/1.1 ${status} ${PHRASES[status]}`,
    `Content-Type: ${type}`,
    `Content-Length: ${encoder.encode(body).length}`,
    ...status === 405 ? ["Allow: GET"] : [],
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    "Connection: close",
  ];
  return encoder.encode(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const PHRASES: Record<Answer["status"], string> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
