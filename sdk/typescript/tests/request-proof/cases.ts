/** Whole files, and each thing that can be wrong with one: `changes` put a value at a JSON pointer, or take away what stands there. */
import { hexOf } from '../../src/light/bytes.js';
import type { Hex } from '../../src/hex.js';
import { concat } from '../../src/staple/words.js';
import { HandmadeChain, secretOf } from '../staple/chain.js';
import {
  ABORTED, abortedLog, abroad, appliedLog, applying, bank, bankChain, COMMITTED, CONTRACT, committedLog, fileOf, home, INVALID, invalidatedLog, land,
  landChain, memberOf, ofAlliance, recorded, refusedLog, SEQUENCED, writtenLog,
} from './chains.js';

export interface Case {
  readonly name: string;
  readonly base: string;
  readonly changes: readonly (readonly [string, unknown?])[];
  /** `committed`, `aborted`, `invalid`, or the check that refuses. */
  readonly expect: string;
}

export interface Vectors {
  /** Which alliance whoever verifies knows. */
  readonly alliance: { readonly chain: object; readonly contract: string };
  /** The members' chains that whoever verifies trusts. */
  readonly chains: readonly object[];
  readonly bases: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
}

const both = [bank, land];
const whole = ofAlliance([committedLog()], COMMITTED, both);
/** Who refused it, without the part, which was never applied. */
const refusal = (reason?: bigint): object => ({ member: hexOf(bank.name), proof: recorded(bankChain, [refusedLog(bank, reason)]).bundle });

const bases = {
  committed: fileOf(whole, both.map((party) => memberOf(party))),
  withForeign: fileOf(ofAlliance([committedLog()], COMMITTED, [bank, abroad]), [memberOf(bank), memberOf(abroad)]),
  refused: fileOf(ofAlliance([abortedLog(bank)], ABORTED, both, [bank]), [refusal()]),
  expired: fileOf(ofAlliance([abortedLog()], ABORTED, both, []), []),
  invalid: fileOf(ofAlliance([invalidatedLog()], INVALID, both, []), []),
};

/** The same chain for those who do not look: other validators. */
const forger = new HandmadeChain(7100, [secretOf(99)], 0);
const forged = (): unknown => {
  const { block } = recorded(home, [committedLog()]);
  return home.finality(block, forger.secrets).certificate;
};

const [firstWrite] = bank.writes;
const extra = firstWrite ? [writtenLog(bank, firstWrite), ...applying(bank)] : [];
const other = { ...bank, writes: bank.writes.map((write) => ({ ...write, value: land.name })) };

/** All of an alliance as somebody else has made it, with the words that the genuine one would have. */
const madeAt = (chain: HandmadeChain, contract: Hex): unknown => ofAlliance([committedLog(undefined, contract)], COMMITTED, both, both, { chain, contract });

const memberProof = (logs: Parameters<typeof recorded>[1], succeeded = true): unknown => recorded(bankChain, logs, succeeded).bundle;

const cases: readonly Case[] = [
  { name: 'committed, and applied on two chains', base: 'committed', changes: [], expect: 'committed' },
  { name: 'committed with a foreign member, of which nothing is proven', base: 'withForeign', changes: [], expect: 'committed' },
  { name: 'refused by a member, because of a stale key', base: 'refused', changes: [], expect: 'aborted' },
  { name: 'refused, and the member that did is not shown', base: 'refused', changes: [['/members', []], ['/alliance', ofAlliance([abortedLog(bank)], ABORTED, both, [])]], expect: 'aborted' },
  { name: 'nobody decided it in time', base: 'expired', changes: [], expect: 'aborted' },
  { name: 'a signature was bad', base: 'invalid', changes: [], expect: 'invalid' },
  { name: 'another version', base: 'committed', changes: [['/version', 2]], expect: 'file-readable' },
  { name: 'a member that nobody knows', base: 'committed', changes: [['/note', 1]], expect: 'file-readable' },
  { name: 'something more beside an account', base: 'committed', changes: [['/alliance/state/account/note', 1]], expect: 'file-readable' },
  { name: 'something more beside a slot', base: 'committed', changes: [['/alliance/state/account/storageProof/0/note', 1]], expect: 'file-readable' },
  { name: 'an alliance chain that is not trusted', base: 'committed', changes: [['/alliance/chain/chainId', 7999]], expect: 'chain-trusted' },
  { name: 'signed by other validators', base: 'committed', changes: [['/alliance/finality/certificate', forged()]], expect: 'FinalitySignature' },
  { name: 'the receipt of another transaction', base: 'committed', changes: [['/alliance/receipt/receipt', hexOf(concat(Uint8Array.of(2)))]], expect: 'ReceiptNotIncluded' },
  { name: 'another word in the state', base: 'committed', changes: [['/alliance/state/account/storageProof/0/value', '0x3']], expect: 'StorageNotProven' },
  { name: 'no state', base: 'committed', changes: [['/alliance/state']], expect: 'state-complete' },
  { name: 'the alliance bundle is of a member\'s chain, under the genuine address', base: 'committed', changes: [['/alliance', madeAt(bankChain, CONTRACT)]], expect: 'chain-trusted' },
  { name: 'another contract', base: 'committed', changes: [['/contract', land.node]], expect: 'contract-of-alliance' },
  { name: 'an alliance that somebody else has put on the alliance chain', base: 'committed', changes: [['/contract', land.node], ['/alliance', madeAt(home, land.node)]], expect: 'contract-of-alliance' },
  { name: 'the state of another contract', base: 'committed', changes: [['/alliance', madeAt(home, land.node)]], expect: 'state-of-alliance' },
  { name: 'another number', base: 'committed', changes: [['/number', 8]], expect: 'state-complete' },
  { name: 'one of the members left out', base: 'committed', changes: [['/members/1'], ['/alliance', ofAlliance([committedLog()], COMMITTED, both, [bank])]], expect: 'members-complete' },
  { name: 'the members in another order', base: 'committed', changes: [['/members', [memberOf(land), memberOf(bank)]]], expect: 'members-complete' },
  { name: 'not decided yet', base: 'committed', changes: [['/alliance', ofAlliance([committedLog()], SEQUENCED, both)]], expect: 'request-decided' },
  { name: 'a transaction that decides another request', base: 'committed', changes: [['/alliance', ofAlliance([committedLog(8n)], COMMITTED, both)]], expect: 'decision-recorded' },
  { name: 'a transaction that says otherwise than the state', base: 'committed', changes: [['/alliance', ofAlliance([abortedLog(bank)], COMMITTED, both)]], expect: 'decision-recorded' },
  { name: 'another value in a part', base: 'committed', changes: [['/members/0/part/writes/0/value', hexOf(land.name)]], expect: 'part-of-request' },
  { name: 'a committed member without its part', base: 'committed', changes: [['/members/0/part']], expect: 'part-of-request' },
  { name: 'a member without its proof', base: 'committed', changes: [['/members/1/proof']], expect: 'chain-of-member' },
  { name: 'a proof of another chain', base: 'committed', changes: [['/members/0/proof', recorded(landChain, applying(bank)).bundle]], expect: 'chain-of-member' },
  { name: 'a member that applies another request', base: 'committed', changes: [['/members/0/proof', memberProof([appliedLog(bank, 8n)])]], expect: 'write-applied' },
  { name: 'a transaction of a member that failed', base: 'committed', changes: [['/members/0/proof', memberProof(applying(bank), false)]], expect: 'write-applied' },
  { name: 'logs of another contract', base: 'committed', changes: [['/members/0/proof', memberProof(applying({ ...bank, node: land.node }))]], expect: 'write-applied' },
  { name: 'another value written', base: 'committed', changes: [['/members/0/proof', memberProof(applying(other))]], expect: 'writes-complete' },
  { name: 'a write left out', base: 'committed', changes: [['/members/0/proof', memberProof(applying(bank).slice(1))]], expect: 'writes-complete' },
  { name: 'a write more', base: 'committed', changes: [['/members/0/proof', memberProof(extra)]], expect: 'writes-complete' },
  { name: 'a refusal for another reason', base: 'refused', changes: [['/members/0', refusal(4n)]], expect: 'refusal-recorded' },
  { name: 'a refusal that names a member besides', base: 'expired', changes: [['/members', [refusal()]], ['/alliance', ofAlliance([abortedLog()], ABORTED, both, [bank])]], expect: 'members-complete' },
];

export const vectors = (): Vectors => ({
  alliance: { chain: home.essentials, contract: CONTRACT },
  chains: [bankChain, landChain].map(({ essentials }) => essentials),
  bases,
  cases,
});
