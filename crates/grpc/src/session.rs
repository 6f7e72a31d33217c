//! Signing in: the messages.

pub use crate::wire::session::v1::{
    GetNonceRequest, Nonce, SignInRequest, SignOutRequest, SignedIn, SignedOut, session_client, session_server,
};
