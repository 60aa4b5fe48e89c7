import type { EnrolmentStore } from "./enrolment_store.ts";
import type { LoginStore } from "./login_store.ts";

export {
  type DecisionFilter,
  type DecisionFollower,
  type DeletedUser,
  type EnrolmentStore,
  type EnrolOptions,
  type NewEnrolment,
  type PlaceCodes,
  type StoredUser,
  UnknownKeys,
} from "./enrolment_store.ts";
export type {
  Login,
  LoginRecords,
  LoginStore,
  OpenAttempt,
  Pending,
  PlaceReader,
  UncodedSession,
} from "./login_store.ts";

/**
 * An open store, with a view for each of its users. A read sees nothing that isn't committed: what is
 * asked of one connection runs in the order in which it was asked.
 */
export interface Store extends Disposable, AsyncDisposable {
  readonly logins: LoginStore;
  readonly enrolments: EnrolmentStore;

  /** Closes the store; what still waits for its turn fails. */
  [Symbol.dispose](): void;

  /** Closes the store after all that was asked of it has ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** An open store of which only a login's part is used. */
export interface Logins extends Pick<Store, "logins">, Disposable {
  /** Says whether it has to be opened anew: another file is at its path, or its schema is another. */
  isStale(): boolean;
}
