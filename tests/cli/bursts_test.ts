import assert from "node:assert/strict";
import { base64, codeOf, mustGiveRecoveryCodes } from "../lab/program.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";
import { testWith } from "../lab/requirements.ts";

const AT_ONCE = 8;

testWith(
  ROOT_AND_ACCOUNT,
  "of many connections that answer one dynamic challenge at once, one gets in",
  async () => {
    await withUser(async ({ username, password, secret, ...user }) => {
      const first = await user.attempt({ IV_SSO: "" });
      assert.equal((await first.password(username, password)).status, 1);
      const [, stateId] = (await first.reason()).match(
        /^CRV1:R,E:([\w-]{32}):[^:]+:Please enter your TOTP code$/,
      )!;
      const sent = (code: string) => `CRV1::${stateId}::${code}`;
      const attempts = await Promise.all(
        Array.from({ length: AT_ONCE }, () => user.attempt({ IV_SSO: "" })),
      );
      const outputs = await Promise.all(
        attempts.map((attempt, i) => attempt.password(username, sent(codeOf(secret, i % 2)))),
      );
      const statuses = outputs.map(({ status }) => status);
      assert.deepEqual(statuses.toSorted(), [0, ...Array(7).fill(1)]);
      for (const { stderr } of outputs) {
        assert.match(
          stderr,
          / step=code outcome=(accepted by=code|refused reason=challenge_answered) /,
        );
      }
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "of many logins at once with one code, or one recovery code, one gets in",
  async () => {
    await withUser(async ({ username, password, secret, db, ...user }) => {
      const [recovery] = await mustGiveRecoveryCodes(db, username);
      for (const code of [codeOf(secret), recovery!]) {
        const sent = `SCRV1:${base64(password)}:${base64(code)}`;
        const attempts = await Promise.all(
          // Of networks of their own: wrong passwords aren't what is tried here.
          Array.from(
            { length: AT_ONCE },
            (_, i) => user.attempt({ untrusted_ip: `192.0.2.${100 + i}` }),
          ),
        );
        const outputs = await Promise.all(
          attempts.map((attempt) => attempt.password(username, sent)),
        );
        const statuses = outputs.map(({ status }) => status);
        assert.deepEqual(statuses.toSorted(), [0, ...Array(7).fill(1)]);
      }
    });
  },
);
