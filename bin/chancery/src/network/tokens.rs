//! Tokens of a node's JSON-RPC (M-PRO-5): the file that names them by hash, and `chancery network token`, which makes one.

use std::{
    collections::HashSet,
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use anyhow::{Context, Result, anyhow, bail, ensure};
use chancery_rpc::{RpcGroup, RpcToken, RpcTokens};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    arguments::{MakeToken, TokenGroup},
    city::secrets::{read_private, write_new_private},
    output::Output,
};

/// Tokens of one node.
const MAX_TOKENS: usize = 256;
/// Longest name of a token, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// The file as it stands.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensFile {
    #[serde(default)]
    token: Vec<TokenEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenEntry {
    /// Whose it is, for people.
    name: String,
    /// keccak256 of its characters.
    keccak256: B256,
    /// What it reaches.
    groups: Vec<RpcGroup>,
}

/// What was made; the token itself is in its file alone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MadeToken<'a> {
    name: &'a str,
    groups: &'a [RpcGroup],
    token_file: &'a Path,
    tokens: &'a Path,
}

/// The tokens in a file.
///
/// # Errors
/// A file that others may read, or that is none of tokens.
pub(super) fn load(path: &Path) -> Result<RpcTokens> {
    let known: Vec<_> =
        read(path)?.token.into_iter().map(|entry| RpcToken { hash: entry.keccak256, groups: entry.groups }).collect();
    Ok(RpcTokens::of(&known))
}

/// Makes a token, and adds its hash to the file of a node.
pub(super) fn make(command: &MakeToken, output: &Output) -> Result<()> {
    let groups = groups_of(&command.groups);
    let known = if command.tokens.exists() { read(&command.tokens)? } else { TokensFile::default() };
    let mut token = Zeroizing::new([0; TOKEN_BYTES]);
    getrandom::fill(token.as_mut_slice()).map_err(|error| anyhow!("no randomness: {error}"))?;
    let token = Zeroizing::new(hex::encode(token.as_slice()));
    let entry = TokenEntry { name: command.name.clone(), keccak256: RpcToken::hash_of(&token), groups: groups.clone() };
    let added = TokensFile { token: vec![entry] };
    let text = toml::to_string(&added)?;
    check(known.token.iter().chain(&added.token)).with_context(|| command.tokens.display().to_string())?;
    write_new_private(&command.out, &token)?;
    append(&command.tokens, &text)?;
    let made = MadeToken { name: &command.name, groups: &groups, token_file: &command.out, tokens: &command.tokens };
    let names: Vec<_> = groups.iter().map(|group| group.name()).collect();
    output.answer(
        &made,
        format!(
            "{}: the token of {} for {}, to be given to it and shown as Authorization: Bearer\n{}: its hash. The node takes it from its next start on, with `tokens` under [rpc] in node.toml.\n\nWhere the address of the node is asked for: http://HOST:PORT#token-file=/whole/path/of/the/token",
            command.out.display(),
            command.name,
            names.join(", "),
            command.tokens.display()
        ),
    );
    Ok(())
}

fn groups_of(groups: &[TokenGroup]) -> Vec<RpcGroup> {
    groups.iter().map(|group| (*group).into()).collect()
}

fn read(path: &Path) -> Result<TokensFile> {
    let text = read_private(path).with_context(|| format!("the tokens in {} cannot be used", path.display()))?;
    let file: TokensFile = toml::from_str(&text).with_context(|| format!("{} is no file of tokens", path.display()))?;
    check(&file.token).with_context(|| path.display().to_string())?;
    Ok(file)
}

fn check<'a>(entries: impl IntoIterator<Item = &'a TokenEntry>) -> Result<()> {
    let (mut names, mut hashes) = (HashSet::new(), HashSet::new());
    for entry in entries {
        let is_name = (1..=MAX_NAME_BYTES).contains(&entry.name.len()) && !entry.name.chars().any(char::is_control);
        ensure!(is_name, "the name of a token has 1 to {MAX_NAME_BYTES} bytes and no control characters");
        ensure!(!entry.groups.is_empty(), "the token of {} reaches nothing: say its groups", entry.name);
        ensure!(names.insert(&entry.name), "there is a token of {} already; choose another name", entry.name);
        ensure!(hashes.insert(entry.keccak256), "the token of {} stands there twice", entry.name);
        ensure!(names.len() <= MAX_TOKENS, "a node knows at most {MAX_TOKENS} tokens: remove those that nobody uses");
    }
    Ok(())
}

/// Adds to the end, so that what the operator wrote stays as it is.
fn append(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(format!("\n{text}").as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// Who may call what at an address.
///
/// # Errors
/// [`load`]; an address that other machines reach, where nobody has said who may call there.
pub(super) fn of_listener(
    listen: SocketAddr,
    tokens: Option<&PathBuf>,
    is_public: bool,
    base: &Path,
) -> Result<RpcTokens> {
    match (tokens, is_public) {
        (Some(_), true) => {
            bail!("rpc.tokens and rpc.public exclude one another: whoever is let in without a token needs none")
        }
        (Some(file), false) => load(&base.join(file)),
        (None, true) => Ok(RpcTokens::open()),
        (None, false) => {
            ensure!(
                listen.ip().is_loopback(),
                "rpc.listen = {listen} is reached from other machines, and nothing says who may call there: make tokens (`chancery network token`) and name their file in rpc.tokens, or say rpc.public = true when everybody may read the chain and send to it"
            );
            Ok(RpcTokens::open())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wanted(folder: &Path, name: &str) -> MakeToken {
        MakeToken {
            name: name.to_owned(),
            groups: vec![TokenGroup::Read, TokenGroup::Send],
            tokens: folder.join("rpc-tokens.toml"),
            out: folder.join(format!("{name}.token")),
        }
    }

    #[test]
    fn a_token_is_made_once_and_its_file_has_the_hash_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["relay", "gateway"] {
            make(&wanted(folder.path(), name), &Output::new(true)).unwrap();
        }
        let refused = make(&wanted(folder.path(), "relay"), &Output::new(true)).unwrap_err();
        assert!(format!("{refused:#}").contains("already"), "{refused:#}");
        let path = folder.path().join("rpc-tokens.toml");
        let text = fs::read_to_string(&path).unwrap();
        let file = read(&path).unwrap();
        assert_eq!(file.token.len(), 2);
        for entry in &file.token {
            let token = fs::read_to_string(folder.path().join(format!("{}.token", entry.name))).unwrap();
            assert_eq!(entry.keccak256, RpcToken::hash_of(token.trim()));
            assert_eq!(entry.groups, [RpcGroup::Read, RpcGroup::Send]);
            assert!(!text.contains(token.trim()));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(format!("{:#}", load(&path).unwrap_err()).contains("chmod 600"));
        }
    }

    #[test]
    fn beyond_loopback_a_node_says_who_may_call() {
        let folder = tempfile::tempdir().unwrap();
        make(&wanted(folder.path(), "relay"), &Output::new(true)).unwrap();
        let (here, everywhere) = ("127.0.0.1:8545".parse().unwrap(), "0.0.0.0:8545".parse().unwrap());
        let file = PathBuf::from("rpc-tokens.toml");
        let of = |listen, tokens: Option<&PathBuf>, is_public| of_listener(listen, tokens, is_public, folder.path());
        for (listen, tokens, is_public) in [
            (here, None, false),
            (here, Some(&file), false),
            (everywhere, Some(&file), false),
            (everywhere, None, true),
        ] {
            assert!(of(listen, tokens, is_public).is_ok(), "{listen} {tokens:?} {is_public}");
        }
        let refused = of(everywhere, None, false).unwrap_err().to_string();
        assert!(refused.contains("rpc.tokens") && refused.contains("rpc.public"), "{refused}");
        assert!(of(everywhere, Some(&file), true).is_err());
        assert!(of(here, Some(&PathBuf::from("none.toml")), false).is_err(), "a file that is not there opens nothing");
    }
}
