/** Which way in the real OpenVPN servers of this file's tests use: scripts, or the service. */
export const wayIn = { isService: false };
