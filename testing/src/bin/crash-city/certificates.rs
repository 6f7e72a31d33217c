//! People and certificates of a city that is killed: what it has answered about them has to be there after every restart, on the side chains and in the
//! identity database.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use chancery_testing::process::{built_binary, project_root};
use reqwest::Client;
use serde_json::Value;
use tokio::time::interval;

/// Kind, development account of its office, and organization: one of each side chain.
const OFFICES: [(&str, &str, &str); 5] = [
    ("marriage", "1", "SAMPLE-CIVIL-AFFAIRS"),
    ("real-estate", "2", "SAMPLE-LAND-REGISTRY"),
    ("degree", "3", "SAMPLE-UNIVERSITY"),
    ("business-licence", "4", "SAMPLE-MARKET-REGULATION"),
    ("health-licence", "5", "SAMPLE-HEALTH-OFFICE"),
];
/// Development account of the registrar.
const REGISTRAR: &str = "6";
/// Most certificates issued in one round.
const MAX_PER_ROUND: usize = 30;
/// From one that is asked for to the next, so that the gateway's bound of requests a second from one address is kept.
const PACE: Duration = Duration::from_millis(60);
/// One person more is registered after so many certificates.
const CERTIFICATES_PER_PERSON: usize = 5;

/// Somebody whose registration was answered.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    key: PathBuf,
    address: String,
    account: String,
    /// Whether the confirmation was answered too.
    is_confirmed: bool,
}

/// A certificate whose issue was answered.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    kind: &'static str,
    holder: String,
    id: String,
    chain: String,
    block: u64,
    transaction: String,
}

/// What a city has answered so far.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) people: Vec<Person>,
    pub(crate) certificates: Vec<Issued>,
}

impl Given {
    /// With what was answered in a round.
    pub(crate) fn add(&mut self, round: Self) {
        self.people.extend(round.people);
        self.certificates.extend(round.certificates);
    }

    /// Every certificate is there with its status and its proof, and everybody is in the identity database.
    ///
    /// # Errors
    /// The first that is not.
    pub(crate) async fn check(&self, client: &Client, gateway: &str) -> Result<()> {
        let mut pace = interval(PACE);
        for issued in &self.certificates {
            pace.tick().await;
            issued.check(client, gateway).await.with_context(|| format!("{issued:?}"))?;
        }
        for person in &self.people {
            pace.tick().await;
            person.check(gateway).with_context(|| format!("{person:?}"))?;
        }
        Ok(())
    }
}

impl Person {
    fn check(&self, gateway: &str) -> Result<()> {
        let Answer::Given(user) = ask(gateway, &["--key", &self.key.to_string_lossy(), "user", "show"])? else {
            bail!("the registration is not answered");
        };
        ensure!(user["account"] == self.account.as_str(), "another account: {user}");
        // A confirmation that was not answered may have been made or not.
        let status = user["status"].as_str().unwrap_or_default();
        ensure!(status == "confirmed" || (status == "pending" && !self.is_confirmed), "another status: {user}");
        Ok(())
    }
}

impl Issued {
    async fn check(&self, client: &Client, gateway: &str) -> Result<()> {
        let Self { kind, holder, id, chain, block, transaction } = self;
        let found = fetched(client, &format!("{gateway}/v1/certificates/{id}")).await?;
        let place = (found["chain"].as_str(), found["block"].as_u64(), found["txHash"].as_str());
        ensure!(place == (Some(chain.as_str()), Some(*block), Some(transaction.as_str())), "it is elsewhere: {found}");
        ensure!(found["kind"] == *kind && found["status"] == "valid", "another kind or status: {found}");
        let document =
            fetched(client, &format!("{gateway}/v1/certificates/{holder}/{block}/{transaction}?chain={chain}")).await?;
        ensure!(
            document["certificateId"] == id.as_str() && document["proof"].is_object(),
            "no document with its proof: {document}"
        );
        Ok(())
    }
}

/// The answer with status 200.
async fn fetched(client: &Client, url: &str) -> Result<Value> {
    let response = client.get(url).send().await?;
    let (status, answer) = (response.status(), response.json::<Value>().await?);
    ensure!(status.is_success(), "{url}: {status}: {answer}");
    Ok(answer)
}

/// Who issues in a city, while it is under load.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    gateway: String,
    /// Where keys of people are kept.
    keys: PathBuf,
    /// Numbers the keys of this run: round and person.
    round: u32,
}

impl Desk {
    pub(crate) const fn new(gateway: String, keys: PathBuf, round: u32) -> Self {
        Self { gateway, keys, round }
    }

    /// Registers and confirms somebody in a city that runs.
    ///
    /// # Errors
    /// When it is refused or not answered.
    pub(crate) fn first_person(&self) -> Result<Person> {
        let person = self.register(0)?.context("the first registration is not answered")?;
        ensure!(person.is_confirmed, "the first confirmation is not answered");
        Ok(person)
    }

    /// Issues certificates of all kinds in turn, from this turn on, and registers people in between, until the city is gone.
    ///
    /// # Errors
    /// When a city that runs refuses.
    pub(crate) fn work(&self, holder: &Person, first_turn: usize) -> Result<Given> {
        let mut given = Given::default();
        for (done, office) in OFFICES.iter().cycle().skip(first_turn % OFFICES.len()).take(MAX_PER_ROUND).enumerate() {
            let Some(issued) = self.issue(holder, *office)? else { break };
            given.certificates.push(issued);
            if done.is_multiple_of(CERTIFICATES_PER_PERSON) {
                let Some(person) = self.register(1 + done)? else { break };
                given.people.push(person);
            }
        }
        Ok(given)
    }

    /// `None` when the city is gone.
    fn issue(
        &self,
        holder: &Person,
        (kind, office, organization): (&'static str, &str, &str),
    ) -> Result<Option<Issued>> {
        let subject = project_root().join(format!("crates/certificates/schemas/samples/{kind}.json"));
        let subject = subject.to_string_lossy();
        let holder = holder.address.as_str();
        let of_office = ["--dev-key", office, "certificate", "send", "--kind", kind, "--organization", organization];
        let of_holder = ["--holder", holder, "--subject", &subject];
        let Answer::Given(issued) = ask(&self.gateway, &[&of_office[..], &of_holder].concat())? else {
            return Ok(None);
        };
        let text = |member: &str| issued[member].as_str().map(str::to_owned).with_context(|| format!("{issued}"));
        Ok(Some(Issued {
            kind,
            holder: holder.to_owned(),
            id: text("certificateId")?,
            chain: text("chain")?,
            block: issued["blockNumber"].as_u64().with_context(|| format!("{issued}"))?,
            transaction: text("txHash")?,
        }))
    }

    /// `None` when the city is gone before it has answered the registration.
    fn register(&self, number: usize) -> Result<Option<Person>> {
        let key = self.keys.join(format!("{}-{number}.key", self.round));
        let file = key.to_string_lossy();
        let Answer::Given(made) = ask(&self.gateway, &["key", "new", &file])? else {
            bail!("no key was made");
        };
        let address = made["address"].as_str().context("a key without an address")?.to_owned();
        // Data that are kept from another run know other addresses.
        let account = format!("crash-{}", address[2..12].to_lowercase());
        let person = ["--name", &account, "--unit", "Sample Unit", "--city", "Hangzhou", "--country", "CN"];
        let register = ["--key", &file, "user", "register", "--account", &account];
        if let Answer::Gone = ask(&self.gateway, &[&register[..], &person].concat())? {
            return Ok(None);
        }
        let confirmed = ask(&self.gateway, &["--dev-key", REGISTRAR, "user", "confirm", &address])?;
        let is_confirmed = matches!(confirmed, Answer::Given(_));
        Ok(Some(Person { key, address, account, is_confirmed }))
    }
}

/// What the command line was told.
enum Answer {
    Given(Value),
    /// Nothing, or that it is to ask again later: the city is gone, or about to be.
    Gone,
}

/// Asks by the command line, as people do.
///
/// # Errors
/// When a city that runs refuses: nothing here is to be refused.
fn ask(gateway: &str, arguments: &[&str]) -> Result<Answer> {
    let mut command = Command::new(built_binary());
    command.args(["--json", "--url", gateway]).args(arguments).stdin(Stdio::null());
    let output = command.output().context("cannot start chancery")?;
    if output.status.success() {
        return Ok(Answer::Given(serde_json::from_slice(&output.stdout)?));
    }
    let problem: Value = serde_json::from_slice(&output.stderr)
        .with_context(|| format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let is_refusal = problem["status"].as_u64().is_some_and(|status| status < 500 && status != 429);
    ensure!(!is_refusal, "{arguments:?} is refused: {problem}");
    Ok(Answer::Gone)
}
