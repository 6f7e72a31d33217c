//! The gateway's own doors: users, applications, presentations, the alliance, messages, what stands behind them.

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use chancery_gateway::doors::{
    AllianceChange, AllianceNews, AllianceView, AnchorSeen, AnchorView, ApplicationFilter, Applications, ChainPeers,
    DatabaseProbe, Messages, PageRequest, PeerView, Presentations, Registration, ShownCertificates,
};
use chancery_primitives::Disclose;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, data_block::TransactionLocator, data_search::AuditReport, operation::ChainName,
};
use chancery_rest::{
    types::alliance::{Alliance, AllianceProposal, AllianceRequest},
    types::applications::{Application, ApplicationReceipt, Decision, SubmitApplication},
    types::messages::{DeliverMessage, Message, MessageBox, MessageState, SendMessage, StateReceipt},
    types::presentations::{CreatePresentation, Presentation, PresentationReceipt},
    types::shown::HolderKinds,
    types::users::{Confirmation, Confirmed, RegisterUser, Registered, User, UserStatus},
    types::{Example as _, Page},
};
use serde_json::Value;

use super::{Behind, outer::looked_at};
use crate::answers;

#[async_trait]
impl Registration for Behind {
    async fn register(&self, _: &Actor, _: RegisterUser) -> DoorResult<Registered> {
        self.answer("registration.register", Registered::example()).await
    }

    async fn users(&self, _: &Actor, _: UserStatus, _: PageRequest) -> DoorResult<Page<User>> {
        self.answer("registration.users", Page::example()).await
    }

    async fn user(&self, _: &Actor, _: Address) -> DoorResult<User> {
        self.answer("registration.user", User::example()).await
    }

    async fn confirm(&self, _: &Actor, _: Address, _: Confirmation) -> DoorResult<Confirmed> {
        self.answer("registration.confirm", Confirmed::example()).await
    }
}

#[async_trait]
impl Applications for Behind {
    async fn submit(&self, _: &Actor, _: SubmitApplication) -> DoorResult<ApplicationReceipt> {
        self.answer("applications.submit", ApplicationReceipt::example()).await
    }

    async fn list(&self, _: &Actor, _: ApplicationFilter, _: PageRequest) -> DoorResult<Page<Application>> {
        self.answer("applications.list", Page::example()).await
    }

    async fn decide(&self, _: &Actor, _: &str, _: Decision) -> DoorResult<Application> {
        self.answer("applications.decide", Application::example()).await
    }
}

#[async_trait]
impl Presentations for Behind {
    async fn keep(&self, _: &Actor, _: CreatePresentation) -> DoorResult<PresentationReceipt> {
        self.answer("presentations.keep", PresentationReceipt::example()).await
    }

    async fn fetch(&self, _: &str) -> DoorResult<Presentation> {
        self.answer("presentations.fetch", Presentation::example()).await
    }
}

#[async_trait]
impl AllianceView for Behind {
    async fn alliance(&self) -> DoorResult<Alliance> {
        self.answer("alliance.alliance", Alliance::example()).await
    }

    async fn requests(&self, _: PageRequest) -> DoorResult<Page<AllianceRequest>> {
        self.answer("alliance.requests", Page::example()).await
    }

    async fn request(&self, _: u64) -> DoorResult<AllianceRequest> {
        self.answer("alliance.request", AllianceRequest::example()).await
    }

    async fn proposals(&self, _: PageRequest) -> DoorResult<Page<AllianceProposal>> {
        self.answer("alliance.proposals", Page::example()).await
    }

    /// A change of a request and one of what has no number yet, after which nothing can be watched any more: the stream has an end.
    async fn changes(&self, after: Option<String>, _: usize) -> DoorResult<Vec<AllianceChange>> {
        let request = AllianceNews::Request(Box::new(AllianceRequest::example()));
        let proposal = AllianceNews::Proposal(Box::new(AllianceProposal::example()));
        let change = |news, cursor: &str| AllianceChange { news, cursor: cursor.into() };
        let changes = vec![change(request, "1"), change(proposal, "2")];
        let changes = self.answer("alliance.changes", changes).await?;
        match after {
            None => Ok(changes),
            Some(_) => Err(DoorError::new(Code::ChainUnreachable, "it is not followed any more")),
        }
    }
}

#[async_trait]
impl Messages for Behind {
    async fn send(&self, _: &Actor, _: SendMessage) -> DoorResult<MessageState> {
        self.answer("messages.send", MessageState::example()).await
    }

    async fn delivery_proof(&self, _: &Actor, _: B256) -> DoorResult<Value> {
        self.answer("messages.delivery_proof", Value::Null).await
    }

    async fn deliver(&self, _: &Actor, _: DeliverMessage) -> DoorResult<MessageState> {
        self.answer("messages.deliver", MessageState::example()).await
    }

    async fn list(&self, _: &Actor, which: MessageBox, _: PageRequest) -> DoorResult<Page<MessageState>> {
        let call = match which {
            MessageBox::Received => "messages.received",
            MessageBox::Sent => "messages.sent",
        };
        self.answer(call, Page::example()).await
    }

    async fn fetch(&self, _: &Actor, _: B256) -> DoorResult<Message> {
        self.answer("messages.fetch", Message::example()).await
    }

    async fn acknowledge(&self, _: &Actor, _: B256, _: StateReceipt) -> DoorResult<MessageState> {
        self.answer("messages.acknowledge", MessageState::example()).await
    }

    async fn proof(&self, _: &Actor, _: B256) -> DoorResult<Value> {
        self.answer("messages.proof", Value::Null).await
    }

    async fn audit(&self, _: &Actor, from: u64) -> DoorResult<AuditReport> {
        self.answer("messages.audit", looked_at(ChainName("main".into()), from)).await
    }
}

#[async_trait]
impl DatabaseProbe for Behind {
    async fn answers(&self) -> bool {
        self.answer("database.answers", true).await.unwrap_or(false)
    }
}

#[async_trait]
impl ShownCertificates for Behind {
    async fn of_holder(&self, _: &str, _: Address) -> DoorResult<HolderKinds> {
        self.answer("shown.of_holder", HolderKinds::example()).await
    }

    async fn disclose(&self, _: &str, _: Disclose, _: Bytes) -> DoorResult<TransactionLocator> {
        self.answer("shown.disclose", answers::locator()).await
    }
}

impl AnchorView for Behind {
    fn on_chain(&self, name: &str) -> Vec<AnchorSeen> {
        answers::anchors(name)
    }
}

impl PeerView for Behind {
    fn of_chain(&self, name: &str) -> Option<ChainPeers> {
        answers::peers(name)
    }
}
