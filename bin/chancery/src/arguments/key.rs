//! Keys of people and offices: made and shown.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print its address: a file (readable by you alone), whose phrase recovers everything: keep a copy on paper; or a key in a PKCS#11 token, which never leaves it.
    #[command(after_help = IN_TOKEN)]
    New {
        /// The file, which must not exist; or the name that the key in the token shall have.
        #[arg(value_name = "FILE|pkcs11:...")]
        file: PathBuf,
        /// Recover from a phrase, read from standard input, instead of making a new one.
        #[arg(long)]
        recover: bool,
    },
    /// Show address and public keys of the key given by --key or --dev-key.
    #[command(after_help = IN_TOKEN)]
    Show {
        /// Give a token its PIN once although it has counted a wrong one. Look into the PIN file first: another wrong one may lock the token.
        #[arg(long)]
        pin_again: bool,
    },
    /// List the tokens that a PKCS#11 library shows, with what the name of a key says of them.
    Tokens {
        /// The library, such as /usr/lib/softhsm/libsofthsm2.so.
        #[arg(value_name = "FILE", env = "CHANCERY_PKCS11_MODULE")]
        module: PathBuf,
    },
}

/// What whoever has a token wants to know.
const IN_TOKEN: &str = "A key in a token (a hardware security module, a smart card, SoftHSM) is named by RFC 7512, wherever a key file is:
  pkcs11:token=LABEL;object=NAME?module-path=FILE&pin-source=file:PATH
Quote it for the shell. `chancery key tokens FILE` lists LABELs. Without module-path, CHANCERY_PKCS11_MODULE names the library. The PIN stands in the first line of a \
file that you alone can read (chmod 600), or in CHANCERY_PIN; it never stands in the name. A wrong PIN is given once, and none after it until `key show --pin-again`: the token counts, and locks itself.
`key new` makes the key in the token: secp256k1 to sign with, X25519 to open what is sealed to you.";
