//! Who may ask what. One table decides; the layer in [`layer`] looks every request up in it before any handler runs, and refuses what has no
//! row.

pub(crate) mod layer;
pub mod matrix;

#[cfg(test)]
mod tests;
