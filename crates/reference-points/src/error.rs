//! What can go wrong at a door. Every error has a [`Code`]; the code decides its [`Class`], and the class decides what the caller
//! does next: correct the input, ask somebody who may, try again later, or report a bug. REST, gRPC and the command line map the class in one `match` each.

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};

pub mod parts;

/// The result of every operation of a door.
pub type DoorResult<T> = Result<T, DoorError>;

/// What the caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The input is wrong: correct it and send it again.
    Invalid,
    /// Nobody has proven who asks: authenticate and send it again.
    Unauthenticated,
    /// The policy does not allow it to this actor.
    Refused,
    /// What was asked for does not exist.
    Missing,
    /// It contradicts what is recorded: read the present state first.
    Conflict,
    /// It may succeed later, unchanged.
    Temporary,
    /// A bug or a broken store; the caller can do nothing but report it.
    Broken,
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $class:ident, $title:literal, $remedy:literal;)*) => {
        /// The name of an error, stable across releases; part of the public interface.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The name as it appears in answers: `kebab-case`.
            #[must_use] pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            /// The class, which says what to do about it.
            #[must_use] pub const fn class(self) -> Class { match self { $(Self::$variant => Class::$class,)* } }
            /// One line for a person.
            #[must_use] pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }
            /// What the reader can do.
            #[must_use] pub const fn remedy(self) -> &'static str { match self { $(Self::$variant => $remedy,)* } }
        }
    };
}

codes! {
    MalformedRequest = "malformed-request", Invalid, "The request cannot be read.", "Compare it with the interface at /docs; `detail` names the place.";
    UnknownMember = "unknown-member", Invalid, "The request has a member that the interface does not know.", "Remove or correct the member that `detail` names.";
    BodyTooLarge = "body-too-large", Invalid, "The body is larger than allowed.", "Send at most `limit` bytes.";
    UrlTooLong = "url-too-long", Invalid, "The URL is longer than allowed.", "Send at most `limit` bytes of path and query.";
    HeadersTooLarge = "headers-too-large", Invalid, "The headers are larger than allowed.", "Send at most `limit` bytes of header names and values.";
    MethodNotAllowed = "method-not-allowed", Invalid, "There is no such method at this address.", "The header `allow` names the methods; see /docs.";
    UnsupportedMediaType = "unsupported-media-type", Invalid, "The body is not of a type that this endpoint reads.", "Send `content-type: application/json`.";
    NotAcceptable = "not-acceptable", Invalid, "The answer is not written in any type that the request accepts.", "Accept one of the media types that `offered` lists.";
    SchemaViolation = "schema-violation", Invalid, "The data does not follow its declared format.", "Correct the members that `violations` lists; GET /v1/kinds shows the format.";
    MalformedAddress = "malformed-address", Invalid, "This is not an address.", "Write 0x and 40 hexadecimal digits; a mixed-case address must have a right EIP-55 checksum.";
    MalformedJwe = "malformed-jwe", Invalid, "The sealed payload is not a JWE that this platform reads.", "Seal a certificate as JWE compact, alg ECDH-ES, enc A256GCM, key X25519 (docs: encodings), and data of a sealed format as JWE in JSON (docs: data).";
    SealedToWrongKey = "sealed-to-wrong-key", Invalid, "The payload is sealed to another key than the holder's.", "Read the holder's public key again and seal to the key whose thumbprint is `expected`.";
    SealedHashMismatch = "sealed-hash-mismatch", Invalid, "The sealed payload is not the one that was signed.", "Sign keccak256 of exactly the bytes that you send.";
    OperationExpired = "operation-expired", Invalid, "The signed operation is past its deadline.", "Sign it again with a later deadline.";
    SignatureInvalid = "signature-invalid", Invalid, "The signature does not belong to the operation.", "Sign the EIP-712 message with the domain of the chain and contract that GET /v1/chains shows.";
    ClockSkew = "clock-skew", Invalid, "A time that was signed lies ahead.", "Set the clock of the source: `now` is ours, in Unix milliseconds.";
    WrongChain = "wrong-chain", Invalid, "The operation was made for another chain.", "Sign it for the chain that carries this kind (GET /v1/chains).";
    UnknownKind = "unknown-kind", Invalid, "There is no such certificate kind.", "GET /v1/kinds lists the kinds.";
    ConfigurationInvalid = "configuration-invalid", Invalid, "The configuration cannot be applied.", "`detail` says which rule it breaks; check it first with ?check=true.";
    OutcomeMismatch = "outcome-mismatch", Invalid, "The signed outcome is not what the checks find.", "Ask for the checks first (POST /v1/inspections/checks) and sign the outcome found.";
    ProofInvalid = "proof-invalid", Invalid, "A proof does not verify.", "`detail` names the check that failed.";
    AuthenticationRequired = "authentication-required", Unauthenticated, "Nobody has proven who asks.", "Sign in (EIP-4361) or sign the request (ERC-8128).";
    RequestSignatureInvalid = "request-signature-invalid", Unauthenticated, "The signature of the request does not verify.", "Sign the covered components exactly as sent; `detail` says what differs.";
    RequestReplayed = "request-replayed", Unauthenticated, "This signed request has been used already.", "Sign every request anew with a fresh nonce.";
    RequestExpired = "request-expired", Unauthenticated, "The signed request is not valid at this time.", "Check the clock and sign the request again.";
    SessionExpired = "session-expired", Unauthenticated, "The session has ended.", "Sign in again.";
    RoleRequired = "role-required", Refused, "This needs a role that the address does not have.", "`required` names the roles; the operator can authorize the address.";
    NotCovered = "not-covered", Refused, "The right by which this is asked does not cover it.", "`right` names it. At the gateway this is a fault of the city: tell the operator the request id.";
    IssuerNotAuthorized = "issuer-not-authorized", Refused, "The key may not issue this kind for this organization.", "The operator can authorize the key for the kind.";
    KeyRotated = "key-rotated", Refused, "The key was retired or revoked.", "Sign with the organization's present key.";
    SourceWithdrawn = "source-withdrawn", Refused, "The source was withdrawn.", "Register a new source; what it submitted stays.";
    OrganizationSuspended = "organization-suspended", Refused, "The organization is suspended.", "Ask the operator.";
    UserSuspended = "user-suspended", Refused, "The account is suspended.", "An operator has suspended it, and can restore it: ask an operator.";
    NotYourCertificate = "not-your-certificate", Refused, "The certificate belongs to somebody else.", "Only the holder, its issuer and supervisors may see this.";
    NotYourRequest = "not-your-request", Refused, "The request is another address's.", "Sign with the key that asked for access.";
    NotGranted = "not-granted", Refused, "The final state has no grant for this request.", "`state` says how far it is: the owner decides on what is pending; what was refused or has ended is asked for anew.";
    NotYourMessage = "not-your-message", Refused, "The message is for somebody else to acknowledge.", "Only its receiver acknowledges a message.";
    UnknownCity = "unknown-city", Refused, "This city takes no messages from that one.", "An operator of this city lists the genesis of the sender's city (docs/operations/messages.md).";
    HolderNotConfirmed = "holder-not-confirmed", Refused, "The holder's real name is not confirmed.", "The holder registers, and an office confirms, first.";
    PresentationRefused = "presentation-refused", Refused, "The presentation is not acceptable.", "`check` names the check that failed; ask the holder to show the code again.";
    ConditionNotMet = "condition-not-met", Refused, "The holder was not shown to have the certificate that the rule of this kind asks for.", "The holder needs a valid certificate of the kind `requiredKind`, and agrees that `chain` is shown it (chancery consent give). GET /v1/kinds/{kind}/conditions shows the rule.";
    SecondOperatorRequired = "second-operator-required", Refused, "Another operator has to do this.", "Whoever proposes a contract or a change neither reviews nor releases it: ask a second operator.";
    ServiceRefused = "service-refused", Refused, "An access rule of the city does not let its asker have this service.", "`version` is the rule's, `organization` whom it refuses: ask an operator.";
    OperatorsLockedOut = "operators-locked-out", Refused, "The rule would keep operators from a service that is theirs to ask.", "Let `role:operator` be allowed where `anybody` is denied.";
    ApprovalRequired = "approval-required", Refused, "This change takes effect when a second operator has approved it.", "Sign `change` as a proposal (POST /v1/changes, `chancery change propose`); another operator approves it.";
    UnknownAddress = "unknown-address", Missing, "Nobody is registered with this address.", "Check the address; the person registers first.";
    UnknownCertificate = "unknown-certificate", Missing, "There is no such certificate.", "Check the identifier and the chain.";
    UnknownTransaction = "unknown-transaction", Missing, "No chain has such a transaction in that block.", "Check block number, transaction hash and chain.";
    UnknownChain = "unknown-chain", Missing, "The city has no such chain.", "GET /v1/chains lists the chains.";
    UnknownOrganization = "unknown-organization", Missing, "There is no such organization.", "GET /v1/organizations lists them.";
    UnknownFormat = "unknown-format", Missing, "There is no such data format.", "GET /v1/kinds lists the formats.";
    UnknownService = "unknown-service", Missing, "There is no such service.", "The catalogue lists the services.";
    UnknownOperation = "unknown-operation", Missing, "No data block holds such an operation.", "Check the digest; a fresh operation appears within a second.";
    UnknownSource = "unknown-source", Missing, "No such source is registered, or the key is of none.", "An operator registers it: POST /v1/sources.";
    UnknownSubmission = "unknown-submission", Missing, "No submission has this place.", "Use the place that the receipt names.";
    UnknownSubscription = "unknown-subscription", Missing, "You have no such subscription.", "GET /v1/subscriptions lists yours; one that has expired is made anew.";
    UnknownResource = "unknown-resource", Missing, "The directory has no such resource that you may see.", "GET /v1/resources lists them.";
    UnknownRequest = "unknown-request", Missing, "The asset has no such request for access.", "Use the number that the request was given, and the resource that it was for.";
    UnknownMessage = "unknown-message", Missing, "There is no such message that you have sent or received.", "GET /v1/messages lists yours; a message is shown once its deposit is final.";
    UnknownContract = "unknown-contract", Missing, "The chain has no such contract on its way.", "GET /v1/contracts lists them, by chain.";
    UnknownChange = "unknown-change", Missing, "No such change was proposed.", "GET /v1/changes lists them.";
    UnknownReceiver = "unknown-receiver", Missing, "There is no such receiver of alerts.", "GET /v1/alerts/receivers lists them.";
    UnknownApplication = "unknown-application", Missing, "There is no such application.", "Check the identifier.";
    PresentationExpired = "presentation-expired", Missing, "The presentation has ended or never was.", "Ask the holder to show the code again.";
    NoAlliance = "no-alliance", Missing, "This gateway watches no alliance.", "Start it with the alliance's relay.toml (`--alliance`), or ask a gateway that watches it.";
    UnknownAllianceRequest = "unknown-alliance-request", Missing, "The alliance has no such request among the newest.", "GET /v1/alliance/requests lists them; older ones are read on the alliance chain.";
    UnknownRoute = "unknown-route", Missing, "There is nothing at this address.", "See /docs.";
    AlreadyRegistered = "already-registered", Conflict, "The address is registered already.", "Use it, or recover the account.";
    AccountTaken = "account-taken", Conflict, "The account name is taken.", "Choose another account name.";
    PersonAlreadyRegistered = "person-already-registered", Conflict, "This person is registered with another address.", "Use the key registered before; if it is lost, an office binds the new one after checking the person.";
    CertificateExists = "certificate-exists", Conflict, "A certificate with this identifier exists.", "Use a fresh random identifier.";
    AlreadyInspected = "already-inspected", Conflict, "This inspection is recorded already.", "Nothing to do.";
    StaleRevision = "stale-revision", Conflict, "The certificate has changed since it was read.", "Read it again and sign with revision `actual`.";
    StatusTransition = "status-transition", Conflict, "The status cannot change that way.", "A revoked or renewed certificate stays so; read the present status.";
    OrganizationExists = "organization-exists", Conflict, "The organization is registered already.", "Authorize keys for it instead.";
    HistoryFull = "history-full", Conflict, "The contract keeps as much of this as it takes.", "It keeps `limit` for ever on `chain`, and takes no more: `detail` says of what. Use another key, or register the organization under another code.";
    ReleaseConflict = "release-conflict", Conflict, "The contract cannot go that way from where it is.", "Read it again: `status` says how far it is.";
    ChangeConflict = "change-conflict", Conflict, "The change cannot go that way from where it is.", "Read it again: `status` says how far it is; what has expired is proposed again.";
    IdempotencyConflict = "idempotency-conflict", Conflict, "The idempotency key was used for something else.", "Use a fresh key for another request.";
    SourceExists = "source-exists", Conflict, "The key belongs to a source already.", "Use it, or make another key.";
    DescriptionMismatch = "description-mismatch", Conflict, "This is not the description whose hash stands in the directory.", "Send exactly the text whose keccak256 is `expected`.";
    VersionConflict = "version-conflict", Conflict, "The subject has another newest version.", "Read `actual`, correct the operation, name `actual` as previous, and sign again.";
    FormatVersion = "format-version", Conflict, "Another version of the format is in force.", "Follow version `expected` (GET /v1/kinds), and sign again.";
    AlreadyDecided = "already-decided", Conflict, "The case is decided already.", "Read it again.";
    NotProvable = "not-provable", Conflict, "Its status cannot be proven to somebody without a network.", "`chain` has no finality certificates, or its proof does not verify: show it online.";
    StapleTooLarge = "staple-too-large", Conflict, "The proof is larger than any verifier reads.", "`limit` bounds its bytes: show the certificate online.";
    TransactionRefused = "transaction-refused", Conflict, "The contract refused the transaction.", "`detail` names the contract's reason.";
    TooManyRequests = "too-many-requests", Temporary, "Too many requests.", "Wait `retryAfterMs` and send it again.";
    QuotaExceeded = "quota-exceeded", Temporary, "A quota is used up.", "`quota` of `subject` allows `limit`, `used` are used: send it again, with the same key, after `retryAfterMs`, or ask the operator. What has more than `limit` by itself is sent in smaller submissions.";
    TooManySubscriptions = "too-many-subscriptions", Refused, "There are as many subscriptions as there may be.", "`limit` bounds them: end one (DELETE /v1/subscriptions/{subscription}), or let one expire.";
    MailboxFull = "mailbox-full", Temporary, "Too many messages wait for this receiver.", "Send it again when the receiver has acknowledged some: `waiting` of `limit` are waiting.";
    EntityUnavailable = "entity-unavailable", Temporary, "A part of the city does not answer.", "What was acknowledged is kept: send it again, with the same idempotency key where there is one. `entity` names the part.";
    ChainUnreachable = "chain-unreachable", Temporary, "A chain does not answer.", "Nothing was decided: send it again later. `chain` names it.";
    PersonUndetermined = "person-undetermined", Temporary, "Whether this person is registered at another office cannot be determined now.", "Nothing was written: send it again later.";
    DatabaseUnreachable = "database-unreachable", Temporary, "The database does not answer.", "Nothing was written: send it again later.";
    JournalUnavailable = "journal-unavailable", Temporary, "Data cannot be kept or read at present.", "What has a receipt is kept; whether anything else was accepted may be open. Send the same again later, with the same idempotency key where there is one: it is kept once, and answered with its first receipt if it was there. The operator looks at the disk.";
    StoreUnavailable = "store-unavailable", Temporary, "The store of shared files does not answer as it should.", "Nothing was handed out: ask again later; the owner looks at the store.";
    RightNotShown = "right-not-shown", Temporary, "The chain was not shown this right yet.", "The main chain gives it: `detail` says what `chain` lacks. What is on its way is there in a moment: send it again.";
    NotFinalYet = "not-final-yet", Temporary, "The transaction is sent but not final yet.", "Ask again: `txHash` names it.";
    TimedOut = "timed-out", Temporary, "It took longer than allowed.", "Read the present state, then send it again.";
    Internal = "internal", Broken, "Something broke on our side.", "Tell the operator the request id.";
}

/// An error at a door. `Display` is the public message; what is internal stays in [`DoorError::internal`] for the log.
#[derive(Clone)]
pub struct DoorError {
    code: Code,
    detail: String,
    members: Map<String, Value>,
    internal: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl DoorError {
    /// An error with a public detail, which says what was wrong in this case. It must hold no personal data and no secret.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), members: Map::new(), internal: None }
    }

    /// Adds a machine-readable member, as the code's documentation names it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Keeps the cause for the log. It is never shown to the caller.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.internal = Some(Arc::new(cause));
        self
    }

    /// A broken invariant: the caller sees only that something broke.
    #[must_use]
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(Code::Internal, "").caused_by(cause)
    }

    /// The name of the error.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.code.class()
    }

    /// What was wrong in this case.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Machine-readable members.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.internal.as_deref()
    }
}

impl fmt::Display for DoorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            write!(f, "{}: {}", self.code.name(), self.code.title())
        } else {
            write!(f, "{}: {}", self.code.name(), self.detail)
        }
    }
}

impl fmt::Debug for DoorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorError")
            .field("code", &self.code.name())
            .field("detail", &self.detail)
            .field("members", &self.members)
            .field("cause", &self.internal.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl std::error::Error for DoorError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.name()), "{} twice", code.name());
            assert!(code.name().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", code.name());
            assert!(!code.remedy().is_empty() && code.title().ends_with('.'), "{}", code.name());
        }
    }

    // DATA-2, DATA-3: an acknowledgement that failed says nothing of what is on the disk.
    #[test]
    fn what_may_have_been_accepted_is_not_denied() {
        let remedy = Code::JournalUnavailable.remedy();
        assert!(!remedy.contains("Nothing was"), "{remedy}");
        assert!(remedy.contains("the same idempotency key") && remedy.contains("kept once"), "{remedy}");
    }

    #[test]
    fn the_cause_is_not_shown() {
        let error = DoorError::internal(std::io::Error::other("secret path"));
        assert!(!error.to_string().contains("secret"));
        assert_eq!(error.class(), Class::Broken);
    }
}
