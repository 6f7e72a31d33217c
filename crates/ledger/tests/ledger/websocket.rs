//! A chain that is asked over a WebSocket (LEDGER-1, LEDGER-3, LEDGER-4).

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use chancery_ledger::{ChainConfig, LedgerError, LedgerLimits};
use chancery_testing::process::Anvil;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinHandle},
};

use crate::{
    submission::is_recorded,
    support::{Setting, config, connect, eventually, limits, record},
};

fn over_websocket(http: &str) -> ChainConfig {
    config(&http.replacen("http://", "ws://", 1))
}

/// A line to a node that can be cut, and laid to another.
struct Line {
    address: SocketAddr,
    shared: Arc<Mutex<Far>>,
    accepts: JoinHandle<()>,
}

struct Far {
    address: String,
    connections: Vec<AbortHandle>,
    /// Connections that stand carry nothing any more, and nobody is told.
    silent: Vec<watch::Sender<bool>>,
}

impl Line {
    async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Far { address: host(url), connections: Vec::new(), silent: Vec::new() }));
        let far = Arc::clone(&shared);
        let accepts = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let to = far.lock().unwrap().address.clone();
                let (silence, mut silent) = watch::channel(false);
                let task = tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(to).await else { return };
                    let silenced = async { silent.wait_for(|silent| *silent).await.is_ok() };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        // Both ends stay open until the test ends.
                        _ = silenced => std::future::pending().await,
                    }
                });
                let mut shared = far.lock().unwrap();
                shared.connections.push(task.abort_handle());
                shared.silent.push(silence);
            }
        });
        Self { address, shared, accepts }
    }

    fn fall_silent(&self) {
        let shared = self.shared.lock().unwrap();
        for connection in &shared.silent {
            connection.send_replace(true);
        }
    }

    fn cut_and_lay_to(&self, url: &str) {
        let mut shared = self.shared.lock().unwrap();
        shared.address = host(url);
        shared.connections.drain(..).for_each(|connection| connection.abort());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_over_a_websocket_is_final_and_read_again() {
    let setting = Setting::new().await;
    let ledger = connect(vec![over_websocket(&setting.anvil.url)], limits()).await.unwrap();
    let chain = ledger.chain("main").unwrap();
    let submissions = (1..=20).map(|number| chain.submit(&setting.key, record(number)));
    for done in futures::future::join_all(submissions).await {
        let block = done.unwrap().block.number;
        assert_eq!(chain.block(block).await.unwrap().number, block);
    }
    assert!(is_recorded(&setting, 20).await);
}

// What comes after an outage may be another chain: a connection is never opened anew in silence.
#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_was_cut_is_opened_anew_and_asked_which_chain_it_is() {
    let setting = Setting::new().await;
    let line = Line::to(&setting.anvil.url).await;
    let mut pinned = over_websocket(&format!("http://{}", line.address));
    pinned.genesis_hash = Some(setting.chain().block(0).await.unwrap().hash);
    let ledger = connect(vec![pinned], limits()).await.unwrap();
    let chain = ledger.chain("main").unwrap();
    chain.submit(&setting.key, record(1)).await.unwrap();

    line.cut_and_lay_to(&setting.anvil.url);
    eventually("the same chain answers again", || async { chain.head().await.is_ok() }).await;
    chain.submit(&setting.key, record(2)).await.unwrap();
    assert!(is_recorded(&setting, 2).await);

    let other = Anvil::start(&["--timestamp", "1000000000"]).unwrap();
    line.cut_and_lay_to(&other.url);
    eventually("the other chain is noticed", || async {
        matches!(chain.head().await, Err(LedgerError::WrongGenesis { .. }))
    })
    .await;
}

// Those that wait for their turn when the line is cut are not answered by whoever is there afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_waited_is_answered_by_another_chain() {
    let setting = Setting::new().await;
    let line = Line::to(&setting.anvil.url).await;
    let mut pinned = over_websocket(&format!("http://{}", line.address));
    pinned.genesis_hash = Some(setting.chain().block(0).await.unwrap().hash);
    let ledger = connect(vec![pinned], LedgerLimits { max_requests_in_flight: 1, ..limits() }).await.unwrap();
    let chain = ledger.chain("main").unwrap();
    let own = chain.block(0).await.unwrap().hash;
    let other = Anvil::start(&["--timestamp", "1000000000"]).unwrap();

    let asked = futures::future::join_all((0..200).map(|_| chain.block(0)));
    let cut = async { line.cut_and_lay_to(&other.url) };
    let (answers, ()) = tokio::join!(asked, cut);
    for answer in answers {
        match answer {
            Ok(block) => assert_eq!(block.hash, own),
            Err(LedgerError::ChainUnreachable { .. } | LedgerError::WrongGenesis { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

// A machine that lost its power says nothing: after one question without an answer another connection is tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_dead_without_a_word_is_left() {
    let setting = Setting::new().await;
    let line = Line::to(&setting.anvil.url).await;
    let ledger = connect(vec![over_websocket(&format!("http://{}", line.address))], limits()).await.unwrap();
    let chain = ledger.chain("main").unwrap();
    chain.head().await.unwrap();
    line.fall_silent();
    let error = chain.head().await.unwrap_err();
    assert!(matches!(error, LedgerError::ChainUnreachable { .. }), "{error}");
    eventually("another connection answers", || async { chain.head().await.is_ok() }).await;
}

// More blocks than a subscription keeps, while nobody waits for any.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_outlives_an_idle_time() {
    let setting = Setting::new().await;
    let ledger = connect(vec![over_websocket(&setting.anvil.url)], limits()).await.unwrap();
    let chain = ledger.chain("main").unwrap();
    for number in 1..=3 {
        for _ in 0..40 {
            setting.mine().await;
        }
        chain.submit(&setting.key, record(number)).await.unwrap();
    }
    assert!(is_recorded(&setting, 3).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_beyond_the_bound_is_not_read_from_a_websocket() {
    let setting = Setting::new().await;
    let limits = LedgerLimits { max_response_bytes: 600, ..limits() };
    let ledger = connect(vec![over_websocket(&setting.anvil.url)], limits).await.unwrap();
    let chain = ledger.chain("main").unwrap();
    // A block has more than that; its number has less.
    let error = chain.block(0).await.unwrap_err();
    assert!(matches!(error, LedgerError::ChainUnreachable { .. }), "{error}");
}
