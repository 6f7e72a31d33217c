//! A chain that is asked over a WebSocket (LEDGER-1, LEDGER-3, LEDGER-4).

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use chancery_ledger::{ChainConfig, LedgerError, LedgerLimits};
use chancery_testing::process::Anvil;
use tokio::{
    net::{TcpListener, TcpStream},
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
}

impl Line {
    async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Far { address: host(url), connections: Vec::new() }));
        let far = Arc::clone(&shared);
        let accepts = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let to = far.lock().unwrap().address.clone();
                let task = tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(to).await {
                        tokio::io::copy_bidirectional(&mut near, &mut far).await.ok();
                    }
                });
                far.lock().unwrap().connections.push(task.abort_handle());
            }
        });
        Self { address, shared, accepts }
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
