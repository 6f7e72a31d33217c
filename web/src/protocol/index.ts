/**
 * The protocol as the browser speaks it: encodings, signatures, sealing, presentations, verification.
 *
 * Pure: no network, no storage, no clock of its own (times come in), randomness from WebCrypto alone. Everything here
 * is held to the same golden vectors as the Rust and Solidity sides.
 */
export * from './development';
export * from './document';
export * from './encoding';
export * from './issuer';
export * from './keys';
export * from './presentation';
export * from './registration';
export * from './schema';
export * from './sealing';
export * from './sign-in';
export * from './typed-data';
export * from './verification';
