/**
 * The trust kernel, which is the client's (sdk/typescript/src/light). Load it with `import()` where it is needed: BLS12-381 is large, and no page
 * needs it to show itself.
 */
export * from '@chancery/client/light';
