//! The five entities as processes of their own: started, started again when one ends, and stopped with the city.

mod ready;

use std::{
    ffi::OsString,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info, warn};

use super::layout::DataDir;
use crate::arguments::{EntityName, Services};

/// Pause before a process that has ended is started again; it doubles while that does not help.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// A process that has lived so long was well: the next pause is the first again.
const WELL_AFTER: Duration = Duration::from_secs(60);
/// Longest that a process may take to end; then it is killed. What it had acknowledged is kept.
const END_TIMEOUT: Duration = Duration::from_secs(15);

/// The processes of the entities.
pub(super) struct Children {
    data: DataDir,
    lives: Vec<(EntityName, Arc<Life>)>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// What is known of the processes of an entity.
#[derive(Debug, Default)]
struct Life {
    /// The one that runs; 0 while none does.
    pid: AtomicU32,
    /// How many have ended, or could not be started.
    ended: AtomicU32,
}

impl Life {
    fn begins(&self, pid: Option<u32>) {
        self.pid.store(pid.unwrap_or_default(), Ordering::SeqCst);
    }

    fn ends(&self) {
        self.begins(None);
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// How each is started.
#[derive(Clone)]
struct Start {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, String)>,
}

impl Start {
    fn new(options: &Services, json: bool) -> Result<Self> {
        let program = std::env::current_exe().context("the program does not find itself")?;
        let mut arguments = vec!["--data-dir".into(), options.data_dir.clone().into(), "--until-stdin-ends".into()];
        if json {
            arguments.push("--json".into());
        }
        // By the environment: arguments are seen by everybody on the machine, and a URL may hold a password.
        let mut environment = vec![("OTEL_TRACES_SAMPLER_ARG", options.traces.otlp_sample.to_string())];
        environment.extend(options.database_url.clone().map(|url| ("CHANCERY_DATABASE_URL", url)));
        let rate = options.audit.audit_operations_per_second.to_string();
        environment.push(("CHANCERY_AUDIT_OPERATIONS_PER_SECOND", rate));
        let endpoint = options.traces.otlp_endpoint.clone();
        environment.extend(endpoint.map(|url| ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url)));
        Ok(Self { program, arguments, environment })
    }

    fn spawn(&self, entity: EntityName) -> std::io::Result<Child> {
        Command::new(&self.program)
            .args(["entity", entity.name()])
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            // Ctrl-C is for the city, which stops them in order; if it is killed, the end of their standard input tells them.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

impl Children {
    /// Starts all five.
    pub(super) fn start(options: &Services, json: bool, data: &DataDir) -> Result<Self> {
        let start = Start::new(options, json)?;
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let lives: Vec<_> = EntityName::ALL.map(|entity| (entity, Arc::<Life>::default())).into();
        for (entity, life) in &lives {
            tasks.spawn(keep(*entity, Arc::clone(life), start.clone(), shutdown.clone()));
        }
        tasks.close();
        Ok(Self { data: data.clone(), lives, tasks, shutdown })
    }

    /// Waits until all of them answer, as long as that takes: it may be a large journal that is read. One that ends again and again is given up.
    pub(super) async fn ready(&self) -> Result<()> {
        for (entity, life) in &self.lives {
            ready::ready(&self.data, *entity, life).await?;
        }
        Ok(())
    }

    /// Stops all of them, those that use others first told like the rest: nobody asks anything any more.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.wait().await;
    }
}

/// Keeps a process of an entity until the city stops.
async fn keep(entity: EntityName, life: Arc<Life>, start: Start, shutdown: CancellationToken) {
    let name = entity.name();
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        match start.spawn(entity) {
            Ok(mut child) => {
                life.begins(child.id());
                info!(entity = name, pid = child.id(), "started");
                // Waiting would close it, and tell the process to stop.
                let input = child.stdin.take();
                tokio::select! {
                    ended = child.wait() => warn!(entity = name, ?ended, "the process of an entity has ended"),
                    () = shutdown.cancelled() => {
                        drop(input);
                        return end(name, child).await;
                    }
                }
            }
            Err(error) => error!(entity = name, %error, "the process of an entity cannot be started"),
        }
        life.ends();
        if started.elapsed() >= WELL_AFTER {
            pause = FIRST_PAUSE;
        }
        tokio::select! { () = sleep(pause) => {}, () = shutdown.cancelled() => return }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Waits for a process that was told to stop.
async fn end(name: &str, mut child: Child) {
    if timeout(END_TIMEOUT, child.wait()).await.is_err() {
        warn!(entity = name, "the process of an entity does not end: it is killed");
        if let Err(error) = child.kill().await {
            error!(entity = name, %error, "the process of an entity cannot be killed");
        }
    }
}
