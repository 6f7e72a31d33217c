// @vitest-environment jsdom
/** A-MULTI: a request on its way through the five steps, told as it happens, or asked for where that does not come through. */
import { cleanup, render, screen, within } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Alliance, AllianceParty, AllianceProposal, AllianceRequest, AllianceStepState } from '../src/api/types';
import { LiveRequests, merged, POLL_MS, REOPEN_MS, reported, type Stream } from '../src/apps/alliance/live';
import { RequestList } from '../src/apps/alliance/list';
import { STEPS, togetherAt } from '../src/apps/alliance/marks';
import { BrokenNotice, LateNotice, Members } from '../src/apps/alliance/members';
import { ProposalList } from '../src/apps/alliance/reported';
import { recordsOf, RequestView } from '../src/apps/alliance/request';
import { LanguageProvider, type Language, type Texts } from '../src/i18n/language';
import chinese from '../src/i18n/zh.json';
import english from '../src/i18n/en.json';

const texts: Record<Language, Texts> = { en: english, zh: chinese };

function show(children: ReactNode, language: Language = 'en'): void {
  render(<LanguageProvider initial={{ language, texts: texts[language] }}>{children}</LanguageProvider>);
}

afterEach(() => {
  cleanup();
  localStorage.clear();
});

const place = (chain: string, block: number) => ({
  chain,
  txHash: `0x${block.toString(16).padStart(64, '0')}` as const,
  blockNumber: block,
  blockHash: `0x${'bb'.repeat(32)}` as const,
  time: '2026-11-21T03:00:00Z',
});

/** A party with the given states of its five steps; each step that happened is an event of its own. */
function party(member: string, states: AllianceStepState[], block: number): AllianceParty {
  return {
    member,
    endorsing: { seen: true, endorsed: ['node 1', 'node 2'], faulty: [], missing: ['node 3'], weight: 2, totalWeight: 3 },
    steps: STEPS.map((name, at) => {
      const state = states[at] ?? 'ahead';
      const happened = state === 'done' || state === 'failed';
      const own = at < 2 ? place('alliance', 7) : place(at === 3 ? 'alliance' : member, block + at);
      return { name, state, ...(happened && { shownBy: own }) };
    }),
  };
}

function request(number: number, change: Partial<AllianceRequest> = {}): AllianceRequest {
  return {
    number,
    status: 'sequenced',
    step: 'reserve',
    awaited: ['land registry'],
    deadline: '2026-11-21T03:10:00Z',
    overdue: false,
    requester: 'bank',
    requesterNode: 'node 1',
    requestHash: `0x${'07'.repeat(32)}`,
    shownBy: place('alliance', 7),
    parties: [
      party('bank', ['done', 'done', 'done', 'awaited', 'ahead'], 10),
      party('land registry', ['done', 'done', 'awaited', 'ahead', 'ahead'], 20),
    ],
    ...change,
  };
}

const hash = (byte: number): `0x${string}` => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`;

/** What is reported of a request without a number. */
function proposal(byte: number, change: Partial<AllianceProposal> = {}): AllianceProposal {
  return {
    id: hash(byte),
    state: 'under-way',
    requester: 'bank',
    parties: ['bank', 'land registry'],
    validUntil: '2026-11-21T03:05:00Z',
    heard: `2026-11-21T03:00:0${byte % 10}Z`,
    reports: [
      { reporter: 'requester', asker: 'bank', said: 'proposed', time: '2026-11-21T03:00:00Z' },
      { reporter: 'endorser', member: 'bank', said: 'endorsed', time: '2026-11-21T03:00:01Z' },
      { reporter: 'endorser', member: 'land registry', said: 'declined', reason: 'stale', time: '2026-11-21T03:00:02Z' },
    ],
    ...change,
  };
}

class FakeStream implements Stream {
  readyState = 0;
  #listeners = new Map<string, (event: Event) => void>();

  addEventListener(type: string, listener: (event: Event) => void): void {
    this.#listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  tell(type: string, data?: unknown): void {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    this.#listeners.get(type)?.(new MessageEvent(type, { data: text }));
  }
}

describe('live requests', () => {
  const streams: FakeStream[] = [];
  let answers: AllianceRequest[] | Error = [];
  let asked = 0;
  let live: LiveRequests;
  let leave: () => void;

  const settle = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
  };
  const numbers = (): number[] | undefined => live.snapshot().requests?.map((one) => one.number);
  const last = (): FakeStream => streams.at(-1) ?? new FakeStream();

  beforeEach(async () => {
    vi.useFakeTimers();
    streams.length = 0;
    answers = [];
    asked = 0;
    live = new LiveRequests({
      open: () => {
        const stream = new FakeStream();
        streams.push(stream);
        return stream;
      },
      ask: () => {
        asked += 1;
        return answers instanceof Error ? Promise.reject(answers) : Promise.resolve(answers);
      },
    });
    leave = live.subscribe(() => undefined);
    await settle(0);
  });

  afterEach(() => {
    leave();
    vi.useRealTimers();
  });

  it('are what the stream tells, newest first, each in its newest state', async () => {
    expect(numbers()).toEqual([]);
    last().tell('open');
    last().tell('request', request(1));
    last().tell('request', request(2));
    last().tell('request', request(1, { status: 'committed' }));
    expect(numbers()).toEqual([2, 1]);
    expect(live.snapshot()).toMatchObject({ connection: 'live', requests: [{ number: 2 }, { number: 1, status: 'committed' }] });
    await settle(10 * POLL_MS);
    expect(asked).toBe(1);
  });

  it('are asked for while the stream does not come through, and no longer', async () => {
    last().tell('error');
    answers = [request(3)];
    await settle(POLL_MS);
    expect(live.snapshot().connection).toBe('polling');
    expect(numbers()).toEqual([3]);
    const before = asked;
    last().tell('open');
    await settle(10 * POLL_MS);
    expect(live.snapshot().connection).toBe('live');
    expect(asked).toBe(before);
  });

  it('come through a new stream where the first was refused', async () => {
    last().close();
    last().tell('error');
    expect(streams.length).toBe(1);
    await settle(REOPEN_MS);
    expect(streams.length).toBe(2);
    last().tell('open');
    last().tell('request', request(5));
    expect(numbers()).toEqual([5]);
  });

  it('do not go back to an answer that was on its way when the stream told of newer ones', async () => {
    answers = [request(1)];
    last().tell('error');
    last().tell('open');
    last().tell('request', request(1, { status: 'committed' }));
    await settle(0);
    expect(live.snapshot().requests?.[0]?.status).toBe('committed');
  });

  it('keep what is known while nobody answers, and say so', async () => {
    last().tell('open');
    last().tell('request', request(1));
    answers = new Error('nobody answers');
    last().tell('error');
    await settle(POLL_MS);
    expect(numbers()).toEqual([1]);
    expect(live.snapshot().error).toBeInstanceOf(Error);
  });

  it('keep older ones than the newest that are answered after the stream was cut', async () => {
    last().tell('open');
    last().tell('request', request(1));
    last().tell('request', request(2));
    answers = [request(2, { status: 'committed' })];
    last().tell('error');
    await settle(POLL_MS);
    expect(numbers()).toEqual([2, 1]);
    expect(live.snapshot().requests?.[0]?.status).toBe('committed');
    last().tell('open');
    expect(numbers()).toEqual([2, 1]);
  });

  it('are asked for again where the first answer failed and the stream is open', async () => {
    leave();
    answers = new Error('nobody answers');
    const lonely = new LiveRequests({
      open: () => {
        const stream = new FakeStream();
        streams.push(stream);
        return stream;
      },
      ask: () => (answers instanceof Error ? Promise.reject(answers) : Promise.resolve(answers)),
    });
    const stop = lonely.subscribe(() => undefined);
    last().tell('open');
    await settle(0);
    expect(lonely.snapshot()).toMatchObject({ connection: 'live', requests: undefined });
    answers = [];
    await settle(POLL_MS);
    expect(lonely.snapshot()).toMatchObject({ connection: 'live', requests: [], error: undefined });
    stop();
    expect(lonely.snapshot().connection).toBe('connecting');
  });

  it('are seen before they have a number, and go when they have one', () => {
    const reportedNow = (): string[] => live.snapshot().proposals.map(({ id }) => id);
    last().tell('open');
    last().tell('proposal', proposal(1));
    last().tell('proposal', proposal(2));
    last().tell('proposal', 'no JSON');
    expect(reportedNow()).toEqual([hash(2), hash(1)]);
    last().tell('proposal', proposal(2, { state: 'lapsed' }));
    expect(live.snapshot().proposals[0]?.state).toBe('lapsed');
    // By its number, and by its hash, whichever is told first.
    last().tell('proposal', proposal(2, { state: 'sequenced', number: 8 }));
    last().tell('request', request(9, { requestHash: hash(1) }));
    last().tell('proposal', proposal(1));
    expect(reportedNow()).toEqual([]);
    expect(numbers()).toEqual([9]);
  });

  it('take nothing that is no request, and hear nothing once nobody listens', () => {
    last().tell('request', 'no JSON');
    last().tell('request', { number: 'one' });
    expect(numbers()).toEqual([]);
    leave();
    expect(last().readyState).toBe(2);
  });

  it('are bounded: the newest stay', () => {
    const many = merged([], Array.from({ length: 500 }, (_, at) => request(at + 1)));
    expect(many.length).toBe(200);
    expect(many[0]?.number).toBe(500);
  });
});

describe('a request', () => {
  it('says who is awaited, for which step and until when', () => {
    show(<RequestView request={request(7)} />);
    expect(screen.getAllByRole('status')[0]?.textContent).toMatch(/^Waiting for land registry\. Step: Reserve\. Until /);
  });

  it('has a row for each member and a column for each step, with the state in words', () => {
    show(<RequestView request={request(7)} />);
    const table = screen.getByRole('table');
    expect(within(table).getAllByRole('columnheader').map((head) => head.textContent)).toEqual(['Member', 'Endorse', 'Sequence', 'Reserve', 'Decide', 'Apply or release']);
    const row = within(table).getByRole('row', { name: /^land registry/ });
    expect(within(row).getAllByRole('cell').map((cell) => cell.querySelector('[data-state]')?.getAttribute('data-state'))).toEqual(['done', 'done', 'awaited', 'ahead', 'ahead']);
    expect(within(row).getByText('Awaited')).toBeTruthy();
  });

  it('says of whose chain nothing is final by proof', () => {
    show(<RequestView request={request(7)} withoutProof={['land registry', 'somebody else']} />);
    expect(screen.getByText(/^What the chain of land registry shows has no finality certificate/)).toBeTruthy();
    cleanup();
    show(<RequestView request={request(7)} />);
    expect(screen.queryByText(/has no finality certificate/)).toBeNull();
  });

  it('that was aborted says because of whom, and why', () => {
    const refusal = { kind: 'stale', expected: 0, actual: 1 } as const;
    const aborted = request(8, { status: 'aborted', awaited: [], decision: { member: 'land registry', refusal, shownBy: place('alliance', 9) } });
    delete aborted.step;
    show(<RequestView request={aborted} />);
    expect(screen.getByText('land registry refused. It had read version 0, and version 1 stands there.')).toBeTruthy();
    expect(screen.getByText('Nothing is left to do.')).toBeTruthy();
  });

  it('that is decided says of whom it is not seen that it has applied', () => {
    const unseen = party('land registry', ['done', 'done', 'done', 'done', 'unseen'], 20);
    const committed = request(8, { status: 'committed', awaited: [], parties: [party('bank', ['done', 'done', 'done', 'done', 'done'], 10), unseen] });
    delete committed.step;
    show(<RequestView request={committed} />);
    expect(screen.getByText('Decided. Whether land registry has applied it is not seen from here.')).toBeTruthy();
    expect(screen.queryByText('Nothing is left to do.')).toBeNull();
  });

  it('that is invalid names the bad signer and what is wrong', () => {
    const bad = party('land registry', ['failed', 'failed', 'omitted', 'omitted', 'omitted'], 20);
    bad.endorsing.faulty = [{ certificate: 9, node: 'node 2', fault: 'signatureWrong' }];
    const invalid = request(9, { status: 'invalid', awaited: [], parties: [bad] });
    delete invalid.step;
    show(<RequestView request={invalid} />);
    expect(screen.getByText("node 2 (certificate 9): the signature is not the node's")).toBeTruthy();
    expect(screen.getByText('2 of 3; more than half is needed')).toBeTruthy();
  });

  it('lists each event behind it once', () => {
    const chains = recordsOf(request(7)).map(({ shownBy }) => `${shownBy.chain} ${shownBy.blockNumber}`);
    expect(chains).toEqual(['alliance 7', 'bank 12']);
  });

  it('speaks Chinese', () => {
    show(<RequestView request={request(7)} />, 'zh');
    expect(screen.getAllByRole('status')[0]?.textContent).toContain('正在等待land registry');
  });
});

describe('what is reported', () => {
  it('is named as that, by whom and with which answer, and never as proven', () => {
    show(<ProposalList proposals={[proposal(1)]} />);
    expect(screen.getByText('Reported, not proven')).toBeTruthy();
    expect(screen.queryByText('Final by proof')).toBeNull();
    // Who may request can speak of any request: whose node it is is said.
    expect(screen.getByText('A node of bank reports: endorsers are asked.')).toBeTruthy();
    expect(screen.getByText('An endorser of bank reports: it has endorsed.')).toBeTruthy();
    expect(screen.getByText('An endorser of land registry reports: it has declined. A version is no longer the one that was read.')).toBeTruthy();
    expect(screen.getByRole('heading', { name: 'Endorsers are asked' })).toBeTruthy();
  });

  it('is shown as ended where a rule has refused it, in Chinese too', () => {
    const ended = proposal(1, { state: 'ended', reports: [{ reporter: 'requester', member: 'land registry', said: 'given-up', reason: 'rule', time: '2026-11-21T03:00:02Z' }] });
    delete ended.validUntil;
    show(<ProposalList proposals={[ended]} />);
    expect(screen.getByRole('heading', { name: 'Ended before it got a number' })).toBeTruthy();
    expect(screen.getByText("The requester reports: given up, because of land registry. The member's own rule does not allow it.")).toBeTruthy();
    cleanup();
    show(<ProposalList proposals={[ended]} />, 'zh');
    expect(screen.getByText('仅为报告，未经证明')).toBeTruthy();
    expect(screen.getByText('请求者报告： 因land registry而放弃。 该成员自己的规则不允许。')).toBeTruthy();
  });

  it('stands beside what is proven of the same request, apart from it', () => {
    show(<RequestView request={request(7, { reports: proposal(7).reports })} />);
    const section = screen.getByRole('heading', { name: 'Reported before its number' }).closest('section');
    expect(within(section as HTMLElement).getByText('Reported, not proven')).toBeTruthy();
    expect(within(section as HTMLElement).queryByText('Final by proof')).toBeNull();
    expect(screen.getByText('Final by proof')).toBeTruthy();
    cleanup();
    show(<RequestView request={request(7)} />);
    expect(screen.queryByText('Reported, not proven')).toBeNull();
  });

  it('is bounded, and nothing of it is left where nobody reports', () => {
    const many = Array.from({ length: 250 }, (_, at) => proposal(1, { id: `0x${at.toString(16).padStart(64, '0')}` }));
    expect(reported([], many, []).length).toBe(200);
    show(<ProposalList proposals={[]} />);
    expect(screen.queryByText('Reported, not proven')).toBeNull();
  });
});

describe('the list', () => {
  it('shows for each step the state that matters most', () => {
    expect(STEPS.map((name) => togetherAt(request(1), name))).toEqual(['done', 'done', 'awaited', 'awaited', 'ahead']);
    const failed = request(2, { parties: [party('bank', ['done', 'done', 'done', 'done', 'awaited'], 10), party('land registry', ['done', 'done', 'failed', 'failed', 'omitted'], 20)] });
    expect(STEPS.map((name) => togetherAt(failed, name))).toEqual(['done', 'done', 'failed', 'failed', 'awaited']);
    const unread = request(3, { status: 'invalid', parties: [] });
    expect(togetherAt(unread, 'endorse')).toBe('omitted');
  });

  it('leads to each request', () => {
    show(<RequestList requests={[request(2), request(1)]} />);
    expect(screen.getAllByRole('link').map((link) => link.getAttribute('href'))).toEqual(['#/2', '#/1']);
    expect(screen.getAllByText('On its way').length).toBe(2);
  });
});


describe('the chains', () => {
  const member = (name: string, change: Partial<Alliance['members'][number]> = {}): Alliance['members'][number] => ({
    name,
    chain: name,
    chainId: 7101,
    nodeContract: `0x${'01'.repeat(20)}`,
    active: true,
    height: 7,
    upToDate: true,
    missing: [],
    ...change,
  });
  const alliance = (change: Partial<Alliance>): Alliance => ({
    purpose: 'mortgages',
    state: 'active',
    chain: 'alliance',
    chainId: 7100,
    contract: `0x${'02'.repeat(20)}`,
    upToDate: true,
    members: [],
    ...change,
  });

  it('that are silent are named above, and marked where they stand', () => {
    const members = [member('bank'), member('land registry', { upToDate: false }), member('tax office', { active: false, upToDate: false })];
    show(
      <>
        <LateNotice alliance={alliance({ upToDate: false, members })} />
        <Members members={members} />
      </>,
    );
    expect(screen.getByRole('status').textContent).toBe('Not read to the newest block for more than 10 seconds: alliance, land registry. What is shown of it may be old.');
    expect(within(screen.getByRole('row', { name: /^bank/ })).queryByText('Silent or behind')).toBeNull();
    expect(within(screen.getByRole('row', { name: /^land registry/ })).getByText('Silent or behind')).toBeTruthy();
  });

  it('that do not answer, and anchors that are frozen, are named in both languages, and marked where they stand', () => {
    const frozenAnchors = [{ host: 'alliance', follows: 'land' }];
    const gone = member('tax office', { active: false, unreachable: true, frozenAnchors });
    const members = [member('bank', { upToDate: false, unreachable: true }), member('land registry', { frozenAnchors }), gone];
    show(
      <>
        <BrokenNotice alliance={alliance({ members })} />
        <Members members={members} />
      </>,
    );
    const notice = screen.getByRole('status').textContent;
    expect(notice).toContain('These members do not answer: bank. ');
    expect(notice).toContain('The anchor on alliance that follows land is frozen');
    expect(notice).not.toContain('tax office');
    expect(within(screen.getByRole('row', { name: /^bank/ })).getByText('Does not answer')).toBeTruthy();
    expect(within(screen.getByRole('row', { name: /^land registry/ })).getByText('Anchor frozen')).toBeTruthy();
    cleanup();
    show(<BrokenNotice alliance={alliance({ members })} />, 'zh');
    expect(screen.getByRole('status').textContent).toContain('以下成员的链无响应：bank');
    cleanup();
    show(<BrokenNotice alliance={alliance({ members: [member('bank'), gone] })} />);
    expect(screen.queryByRole('status')).toBeNull();
  });

  it('that are not followed here, or are read to their end, are nothing to warn of', () => {
    const members = [member('bank')];
    const unfollowed = member('land registry', { upToDate: false });
    delete unfollowed.chain;
    show(<LateNotice alliance={alliance({ members: [...members, unfollowed] })} />);
    expect(screen.queryByRole('status')).toBeNull();
  });
});
