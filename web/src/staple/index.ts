/**
 * The verifier of stapled certificates, which is the client's (sdk/typescript/src/staple). Load it with `import()` where it is needed: BLS12-381 is large, and
 * no page needs it to show itself.
 */
export * from '@chancery/client/staple';
