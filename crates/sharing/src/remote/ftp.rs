//! FTP (RFC 959) and FTPS (RFC 4217), as a client that only reads, in passive mode alone.
//!
//! The data connection goes to the address of the control connection, whatever the server names (RFC 2577, section 3). `EPSV` (RFC 2428) names a port alone and
//! is asked first. With `MLST` in its features (RFC 3659) the server lists names with their facts; without, they are asked for one by one.

mod control;
mod listing;
mod reply;
mod tls;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{net::TcpStream, time::timeout};

pub(super) use self::tls::Tls;
use self::{
    control::{Control, Stream},
    listing::{Facts, Kind},
    reply::Reply,
    tls::Secure,
};
use super::{
    CONNECT_TIMEOUT, FtpLogin, MAX_ENTRIES, MAX_FILES, MAX_LISTING_BYTES, Pattern, RemoteConfig, RemoteError,
    connection::{Connection, Entry, Identity},
    error::said,
    name::FileName,
};

/// Reads a listing, and says how many files it has that match.
///
/// # Errors
/// [`RemoteError`]
pub fn read_listing(listing: &[u8], pattern: &Pattern) -> Result<usize, RemoteError> {
    listing::entries(listing, pattern).map(|entries| entries.len())
}

/// Reads a line of a reply, and says what address or port it names, if any.
///
/// # Errors
/// [`RemoteError::Protocol`]
pub fn read_reply(line: &str) -> Result<Option<u16>, RemoteError> {
    let (code, _) = Reply::begin(line)?;
    let reply = Reply { code, lines: vec![line.get(4..).unwrap_or_default().to_owned()] };
    let passive = reply.passive_address().map(|(_, port)| port);
    Ok(reply.extended_port().or(passive).ok())
}

/// A server that let us in.
pub(super) struct FtpSession {
    control: Control,
    /// Where the control connection goes, and every data connection.
    server: IpAddr,
    secure: Option<Secure>,
    patience: Duration,
    /// Whether the server tells facts (`MLSD`, `MLST`).
    has_facts: bool,
    /// Whether it knows `EPSV`.
    has_extended_passive: bool,
    data: Option<Stream>,
}

/// Connects, shows who comes, and enters the directory.
pub(super) async fn connect(
    config: &RemoteConfig,
    login: &FtpLogin,
    tls: Option<Tls<'_>>,
) -> Result<FtpSession, RemoteError> {
    let implicit = tls.as_ref().is_some_and(|tls| tls.implicit);
    let secure = tls.map(|tls| Secure::new(&config.host, tls.ca_file)).transpose()?;
    let port = config.port.unwrap_or(if implicit { 990 } else { 21 });
    let stream = reach(TcpStream::connect((config.host.as_str(), port))).await?;
    let server = stream.peer_addr().map_err(|error| RemoteError::lost(&error))?.ip();
    let mut control = Control::new(Stream::Plain(stream), config.patience);
    if let Some(secure) = secure.as_ref().filter(|_| implicit) {
        control = control.secured(secure).await?;
    }
    control.greeting().await?;
    if let Some(secure) = secure.as_ref().filter(|_| !implicit) {
        let reply = control.ask("AUTH", Some("TLS")).await?;
        if reply.code != 234 {
            return Err(RemoteError::NoTls(reply.text()));
        }
        control = control.secured(secure).await?;
    }
    let patience = config.patience;
    let mut session =
        FtpSession { control, server, secure, patience, has_facts: false, has_extended_passive: true, data: None };
    session.log_in(login).await?;
    if session.secure.is_some() {
        session.expect("PBSZ", Some("0"), 200).await?;
        // Not what is public alone: names and contents of files too.
        session.expect("PROT", Some("P"), 200).await?;
    }
    session.expect("TYPE", Some("I"), 200).await?;
    session.ask_features().await?;
    session.expect("CWD", Some(&config.directory), 250).await?;
    Ok(session)
}

async fn reach<T>(connecting: impl Future<Output = io::Result<T>>) -> Result<T, RemoteError> {
    match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(|error| RemoteError::lost(&error)),
        Err(_) => Err(RemoteError::Stalled { seconds: CONNECT_TIMEOUT.as_secs() }),
    }
}

impl FtpSession {
    async fn log_in(&mut self, login: &FtpLogin) -> Result<(), RemoteError> {
        let mut reply = self.control.ask("USER", Some(&login.user)).await?;
        if reply.code == 331 {
            // What anonymous users send is an address, by custom; ours says nothing.
            let password = login.password.as_ref().map_or("anonymous@", |password| password.as_str());
            reply = self.control.ask("PASS", Some(password)).await?;
        }
        // Its words are not shown: some repeat what came, and that is the password.
        match reply.code {
            202 | 230 => Ok(()),
            421 => Err(RemoteError::Lost("it answers 421 to the login".to_owned())),
            code => Err(RemoteError::Login(format!("it answers {code}"))),
        }
    }

    async fn ask_features(&mut self) -> Result<(), RemoteError> {
        let reply = self.control.ask("FEAT", None).await?;
        if reply.code != 211 {
            return Ok(());
        }
        self.has_facts = reply.has_feature("MLST");
        if reply.has_feature("UTF8") {
            // Some need to be told; what they answer changes nothing.
            self.control.ask("OPTS", Some("UTF8 ON")).await?;
        }
        Ok(())
    }

    async fn expect(&mut self, verb: &str, argument: Option<&str>, code: u16) -> Result<Reply, RemoteError> {
        let reply = self.control.ask(verb, argument).await?;
        match reply.code {
            found if found == code => Ok(reply),
            421 => Err(RemoteError::Lost(reply.text())),
            _ => Err(RemoteError::Refused(format!("{verb}: {}", reply.text()))),
        }
    }

    /// Connects to where the server waits with data: on itself.
    async fn passive(&mut self) -> Result<TcpStream, RemoteError> {
        let port = if self.has_extended_passive {
            let reply = self.control.ask("EPSV", None).await?;
            match reply.code {
                229 => Some(reply.extended_port()?),
                500..=502 | 522 => None,
                _ => return Err(RemoteError::Refused(format!("EPSV: {}", reply.text()))),
            }
        } else {
            None
        };
        let port = match port {
            Some(port) => port,
            None => {
                self.has_extended_passive = false;
                let (named, port) = self.expect("PASV", None, 227).await?.passive_address()?;
                let named = IpAddr::V4(named);
                if named != self.server.to_canonical() {
                    return Err(RemoteError::DataElsewhere { named, server: self.server });
                }
                port
            }
        };
        reach(TcpStream::connect(SocketAddr::new(self.server, port))).await
    }

    /// Asks for what comes on a data connection. None when the server does not have it.
    async fn transfer(
        &mut self,
        verb: &str,
        argument: Option<&str>,
        from: u64,
    ) -> Result<Option<(Stream, u64)>, RemoteError> {
        let connected = self.passive().await?;
        let mut begins = from;
        if from > 0 {
            let reply = self.control.ask("REST", Some(&from.to_string())).await?;
            if reply.code != 350 {
                begins = 0;
            }
        }
        let reply = self.control.ask(verb, argument).await?;
        match reply.code {
            125 | 150 => {}
            450 | 550 => return Ok(None),
            421 | 425 | 426 => return Err(RemoteError::Lost(reply.text())),
            _ => return Err(RemoteError::Refused(format!("{verb}: {}", reply.text()))),
        }
        let stream = match &self.secure {
            Some(secure) => secure.wrap(connected, self.patience).await?,
            None => Stream::Plain(connected),
        };
        Ok(Some((stream, begins)))
    }

    async fn ended(&mut self) -> Result<(), RemoteError> {
        let reply = self.control.reply().await?;
        match reply.code {
            226 | 250 => Ok(()),
            _ => Err(RemoteError::Lost(reply.text())),
        }
    }

    /// A listing as it comes.
    async fn listing(&mut self, verb: &str) -> Result<Vec<u8>, RemoteError> {
        let mut listing = Vec::new();
        let Some((mut stream, _)) = self.transfer(verb, None, 0).await? else {
            // An empty directory is to some a list of names that is not there; facts are of an empty one too.
            let is_empty = verb == "NLST";
            return if is_empty { Ok(listing) } else { Err(RemoteError::Refused(format!("{verb} of the directory"))) };
        };
        loop {
            let block = stream.block(self.patience, None).await?;
            if block.is_empty() {
                break;
            }
            if listing.len() + block.len() > MAX_LISTING_BYTES {
                return Err(RemoteError::ListingTooLong);
            }
            listing.extend_from_slice(&block);
        }
        drop(stream);
        self.ended().await?;
        Ok(listing)
    }

    /// What a server that tells facts says of a file.
    async fn facts(&mut self, name: &FileName) -> Result<Option<Identity>, RemoteError> {
        let reply = self.control.ask("MLST", Some(name.as_str())).await?;
        match reply.code {
            250 => {}
            450 | 550 => return Ok(None),
            421 => return Err(RemoteError::Lost(reply.text())),
            _ => return Err(RemoteError::Refused(format!("MLST: {}", reply.text()))),
        }
        let line = reply.lines.iter().find_map(|line| line.strip_prefix(' '));
        let facts = Facts::parse(line.ok_or(RemoteError::Protocol("MLST without facts"))?.as_bytes())?.0;
        match facts.kind {
            Kind::File => Ok(Some(facts.identity()?)),
            Kind::Link => Err(RemoteError::Link(name.as_str().to_owned())),
            Kind::Directory | Kind::Other => Ok(None),
        }
    }

    /// What any server says of a file: its size, and when it was changed. None when it is gone, or a directory.
    async fn size_and_time(&mut self, name: &FileName) -> Result<Option<Identity>, RemoteError> {
        let mut texts = [String::new(), String::new()];
        for (verb, text) in ["SIZE", "MDTM"].into_iter().zip(&mut texts) {
            let reply = self.control.ask(verb, Some(name.as_str())).await?;
            match reply.code {
                213 => *text = reply.text(),
                450 | 550 => return Ok(None),
                421 => return Err(RemoteError::Lost(reply.text())),
                _ => return Err(RemoteError::Refused(format!("{verb}: {}", reply.text()))),
            }
        }
        let [size, modified] = texts;
        let size = size.trim().parse().map_err(|_| RemoteError::Protocol("a size that is no number"))?;
        Ok(Some(Identity { size, modified_ms: listing::time(modified.trim())? }))
    }

    async fn list_by_name(&mut self, pattern: &Pattern) -> Result<Vec<Entry>, RemoteError> {
        let listing = self.listing("NLST").await?;
        let mut names = Vec::new();
        for (index, line) in listing::lines(&listing).enumerate() {
            if index >= MAX_ENTRIES {
                return Err(RemoteError::TooManyFiles);
            }
            if matches!(line, b"." | b"..") {
                continue;
            }
            let name = FileName::parse(line)?;
            if pattern.matches(&name) {
                names.push(name);
            }
        }
        if names.len() > MAX_FILES {
            return Err(RemoteError::TooManyFiles);
        }
        let mut entries = Vec::new();
        for name in names {
            if let Some(identity) = self.size_and_time(&name).await? {
                entries.push(Entry { name, identity });
            }
        }
        Ok(entries)
    }
}

#[async_trait]
impl Connection for FtpSession {
    async fn list(&mut self, pattern: &Pattern) -> Result<Vec<Entry>, RemoteError> {
        if !self.has_facts {
            return self.list_by_name(pattern).await;
        }
        let listing = self.listing("MLSD").await?;
        listing::entries(&listing, pattern)
    }

    async fn identify(&mut self, name: &FileName) -> Result<Option<Identity>, RemoteError> {
        if self.has_facts { self.facts(name).await } else { self.size_and_time(name).await }
    }

    async fn open(&mut self, name: &FileName, from: u64) -> Result<Option<u64>, RemoteError> {
        let Some((stream, begins)) = self.transfer("RETR", Some(name.as_str()), from).await? else { return Ok(None) };
        self.data = Some(stream);
        Ok(Some(begins))
    }

    async fn read(&mut self, left: u64) -> Result<Vec<u8>, RemoteError> {
        let patience = self.patience;
        let data = self.data.as_mut().ok_or(RemoteError::Protocol("no file is open"))?;
        data.block(patience, Some(left)).await
    }

    async fn finish(&mut self) -> Result<(), RemoteError> {
        self.data = None;
        self.ended().await
    }
}

impl Reply {
    /// What it says, for people.
    fn text(&self) -> String {
        said(&self.lines.join(" "))
    }
}
