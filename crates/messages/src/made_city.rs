//! A city made by hand.
