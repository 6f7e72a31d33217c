// Hardhat compiles, deploys, calls, hears events and reads errors, through its own network layer and the ethers plugin.
const assert = require("node:assert/strict");
const { ethers, network } = require("hardhat");

describe("a contract that Hardhat compiled", () => {
  let owner, stranger, counter;

  before(async () => {
    [owner, stranger] = await ethers.getSigners();
    counter = await ethers.deployContract("Counter", [40n], owner);
    await counter.waitForDeployment();
  });

  it("has the constructor's value", async () => {
    assert.equal(await counter.count(), 40n);
    assert.equal(await counter.OWNER(), owner.address);
  });

  it("counts, and says so in an event", async () => {
    const receipt = await (await counter.add(2n)).wait();
    assert.equal(await counter.count(), 42n);
    const [event] = await counter.queryFilter(counter.filters.Counted(owner.address), receipt.blockNumber);
    assert.equal(event.args.count, 42n);
  });

  it("refuses a stranger with an error that names both", async () => {
    await assert.rejects(counter.connect(stranger).add.staticCall(1n), (error) => {
      const text = `${error.message} ${JSON.stringify(error.revert ?? {})} ${error.data ?? ""}`;
      return text.includes("NotOwner") || text.includes(counter.interface.getError("NotOwner").selector);
    });
  });

  it("an overflow panics", async () => {
    await assert.rejects(counter.add.staticCall(ethers.MaxUint256), /panic|overflow|0x11/i);
  });

  it("the network is the one that was named", async () => {
    assert.equal(network.name, "chain");
    assert.equal((await ethers.provider.getNetwork()).chainId, 7100n);
    assert.equal(await ethers.provider.getTransactionCount(stranger.address), 0);
  });
});
