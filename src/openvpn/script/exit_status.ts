/** Exit statuses of `auth-user-pass-verify` and `client-crresponse` scripts (openvpn(8)). */
export const ExitStatus = { ACCEPT: 0, REFUSE: 1, DEFER: 2 } as const;

/** One of {@link ExitStatus}. */
export type ExitStatus = typeof ExitStatus[keyof typeof ExitStatus];
