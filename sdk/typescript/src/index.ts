/**
 * A client of a Chancery city: it submits signed data, queries, verifies proofs offline, fetches shared files, and exchanges sealed messages.
 *
 * ```text
 * SourceKey --signs--> submission --Client.submit--> receipt (durable) --Client.proof--> file --verifyOperation--> what is proven
 *                                                                                              ^ TrustedChain, from a genesis hash
 * ```
 *
 * Every failure is one of the classes in errors.ts, `ProofFailure`, `ReceiptFailure`, `StapleFailure`, `ShareFailure`, `MessageFailure`, `SealFailure`, or `VerifyError` and `TrustError` of the light client. Keys stay in their objects:
 * nothing here writes one to a log, an error or a request. It keeps nothing on disk, and decides nothing that a gateway or a chain decides.
 */
export type { AllianceChange, FollowOptions } from './alliance/follow.js';
export type {
  Alliance,
  AllianceMember,
  AlliancePage,
  AllianceParty,
  AllianceProposal,
  AllianceProposalPage,
  AllianceRefusal,
  AllianceReport,
  AllianceRequest,
  AllianceStatus,
  AllianceStep,
  AllianceStepName,
  AllianceStepState,
  ShownBy,
} from './alliance/types.js';
export type {
  Aggregate,
  Aggregates,
  Answer,
  Delivered,
  FoundOperation,
  FoundPage,
  Method,
  OperationPlace,
  PathOf,
  Request,
  Schemas,
  Search,
  Subscribe,
  Subscription,
  Trace,
  Transfers,
  UseRight,
} from './api.js';
export {
  Client,
  MAX_WAIT_SECONDS,
  PROOF_PATIENCE_MS,
  type FetchOptions,
  type ProofOptions,
  type StandingOptions,
} from './client.js';
export type { Algorithm, Jwk } from './data/jwk.js';
export { MAX_OPERATION_BYTES, type Operation } from './data/operation.js';
export { SourceKey, type Registration, type SourceKind } from './data/source-key.js';
export { MAX_RECIPIENTS, openContent, sealContent, SealFailure, type SealCheck, type SealContext, type SealedContent } from './data/sealed.js';
export { ACCESS_CLASSES, BASES, MAX_READERS, type Control, type Statement } from './data/statement.js';
export { MAX_OPERATIONS, MAX_SUBMISSION_BYTES, signSubmission, type SealingTerms, type SignedSubmission, type SubmissionTerms } from './data/submission.js';
export type { Receipt } from './data/receipt.js';
export { ReceiptFailure, verifyReceipt, type ReceiptCheck, type SignedReceipt } from './data/signed-receipt.js';
export type { Outcome, SendOptions } from './data/submit.js';
export { InputError, NotAGatewayError, NotFinalError, ProblemError, UnreachableError, type Problem } from './errors.js';
export type { Address, Hex } from './hex.js';
export { TrustedChain, TrustError, VerifyError, type ChainEssentials } from './light/index.js';
export type { Content } from './message/content.js';
export { EncryptionPublicKey, MessageKey } from './message/encryption-key.js';
export { MessageFailure, type MessageCheck } from './message/failure.js';
export type { Standing } from './message/members.js';
export { Messages, type ListedMessage, type MessagePage, type OpenedMessage, type Receiver, type SendTerms, type SentMessage } from './message/messages.js';
export { verifyMessage, type RecordedAt, type VerifiedMessage } from './message/proof.js';
export type { Acknowledgement, Correspondent, Deposit, Head } from './message/statement.js';
export { PROOF_CHECKS, ProofFailure, type ProofCheck } from './proof/failure.js';
export { verifyOperation, type VerifiedOperation } from './proof/verify.js';
export { NodeError } from './request/rpc.js';
export { REQUEST_TIMEOUT_MS, type ConnectionOptions } from './request/connection.js';
export { EthereumKey } from './request/key.js';
export { DEFAULT_RETRY, type Ports, type RetryPolicy } from './request/retry.js';
export type { AccessTerms, AskedAccess, EndedAccess } from './share/ask.js';
export { AccessClosed, AccessUndecided, DECISION_PATIENCE_MS, type DecisionOptions } from './share/decision.js';
export { ShareFailure, type ShareCheck } from './share/failure.js';
export { DEFAULT_MAX_FILE_BYTES, MAX_BLOCK_AGE_SECONDS, type SharedFile } from './share/fetch.js';
export { ReaderKey } from './share/reader-key.js';
export { AccessFailed, AccessPending, AccessRefused, ASK_PATIENCE_MS, DEFAULT_MAX_FEE_WEI, MAX_ASK_GAS, type AccessRefusal, type AskOptions } from './share/transaction.js';
export { StapleFailure } from './staple/failure.js';
export { MAX_ONLINE_AGE_SECONDS, type ProvenStanding, type TrustedCity } from './staple/online.js';
export { essentialsOf, trustedChain } from './trust.js';
