/** Bytes as the interface writes them: `0x` and two digits a byte. */
export type Hex = `0x${string}`;
/** 20 bytes. */
export type Address = Hex;
