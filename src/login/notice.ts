import type { Client } from "./client.ts";

/** Something about logins that an administrator should change; it is logged once a day. */
export interface Notice {
  name: string;
  text: string;
}

/** What makes users give codes more often than necessary; null if nothing does. */
export function noticeOf({ hasSessionTokens, connectedFrom }: Client): Notice | null {
  if (!hasSessionTokens) {
    return {
      name: "auth-gen-token",
      text: "users are asked for a code again at each renegotiation (hourly by default): " +
        "add auth-gen-token to OpenVPN's configuration",
    };
  }
  return connectedFrom !== null
    ? {
      name: "token dropped",
      text: "a client did not keep its session token, so its user is asked for a code again: " +
        "update the client, or raise reneg-sec in OpenVPN's configuration",
    }
    : null;
}
