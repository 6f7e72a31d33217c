// ECMAScript 2024, which Node.js has from version 22 on, and packages of IPFS use.
Promise.withResolvers ??= function withResolvers() {
  let resolve, reject;
  const promise = new this((toResolve, toReject) => {
    [resolve, reject] = [toResolve, toReject];
  });
  return { promise, resolve, reject };
};
