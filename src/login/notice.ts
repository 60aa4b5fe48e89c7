import type { Client } from "./client.ts";

/** Something about logins that an administrator should change; said once a day. */
export interface Notice {
  name: string;
  text: string;
}

/** What makes a user give codes more often than necessary; null for nothing. */
export function noticeOf({ hasSessionTokens, isConnected }: Client): Notice | null {
  if (!hasSessionTokens) {
    return {
      name: "auth-gen-token",
      text: "each renegotiation asks for a code again, hourly: " +
        "add auth-gen-token to OpenVPN's configuration",
    };
  }
  return isConnected
    ? {
      name: "token dropped",
      text: "a client asks for a code again, as it didn't keep its session token: " +
        "update it, or raise reneg-sec in OpenVPN's configuration",
    }
    : null;
}
