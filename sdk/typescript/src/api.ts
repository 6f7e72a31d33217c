/** Types of the interface, from its OpenAPI document (generated.ts), and what that document says in words. */
import type { components, paths } from './generated.js';
import type { Address, Hex } from './hex.js';

export type Schemas = components['schemas'];

export type Method = 'get' | 'put' | 'post' | 'delete';
/** Paths that have the method. */
export type PathOf<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type Operation<M extends Method, P extends PathOf<M>> = NonNullable<paths[P][M]>;

type Part<O, Name extends string> = O extends { parameters: Partial<Record<Name, infer Value>> } ? Exclude<Value, undefined> : never;
type Json<Content> = Content extends { content: { 'application/json': infer Value } } ? Value : never;
type Responses<O> = O extends { responses: infer R } ? R : never;

/** What an operation answers when it succeeds. */
export type Answer<M extends Method, P extends PathOf<M>> =
  | Json<Responses<Operation<M, P>> extends { 200: infer R } ? R : never>
  | Json<Responses<Operation<M, P>> extends { 201: infer R } ? R : never>;

type Given<Name extends string, Value> = [Value] extends [never] ? Partial<Record<Name, undefined>> : Record<Name, Value>;
type Body<O> = O extends { requestBody: infer B } ? Json<B> : never;
type Query<O> = Part<O, 'query'>;

/** What an operation is given. */
export type Request<M extends Method, P extends PathOf<M>> = Given<'path', Part<Operation<M, P>, 'path'>> &
  Given<'body', Body<Operation<M, P>>> & {
    readonly query?: [Query<Operation<M, P>>] extends [never] ? undefined : Query<Operation<M, P>>;
    /** Makes it one with any other request that has the same, where the operation takes one. Drawn unless given. */
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

/** An operation by its submission's place and its own in the submission. */
export type OperationPlace = Schemas['OperationPlace'];

/** What a search may narrow by; what is absent does not narrow. */
export type Search = Omit<Schemas['SearchData'], 'as'>;

/** One operation that a search found. */
export interface FoundOperation {
  readonly at: OperationPlace;
  /** SHA-256 of what was signed. */
  readonly digest: Hex;
  /** The operation's. */
  readonly name: Hex;
  readonly source: Address;
  readonly organization: string;
  readonly format: string;
  readonly formatVersion: number;
  readonly access: string;
  /** By which right it is read: `open`, `office`, `named`, `grant`, `same-organization`. */
  readonly right?: string;
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  /** The exact text. */
  readonly operation: string;
  /** For `verifyOperation`; where proofs were asked for, and the operation is final. */
  readonly proof?: unknown;
}

export interface FoundPage {
  readonly operations: readonly FoundOperation[];
  /** `after` of the next page; absent on the last. */
  readonly next?: OperationPlace;
}

/** What is asked of many operations together; numbers in the answer are decimal texts, with all their digits. */
export type Aggregate = Omit<Schemas['AggregateData'], 'as'>;

/** Counts, sums, bounds and means; with `next`, a part of them. */
export type Aggregates = Schemas['DataAggregates'];

/** What a subscription is asked for by. */
export type Subscribe = Schemas['Subscribe'];
export type Subscription = Schemas['Subscription'];

/** What came since a cursor. */
export interface Delivered {
  readonly operations: readonly FoundOperation[];
  /** `after` of the next reading; absent as long as nothing is in the journal. */
  readonly cursor?: string;
}

/** Who may do what with an asset, and by which rule. */
export interface UseRight {
  readonly act: string;
  readonly by: {
    readonly who: 'anybody' | 'roles' | 'organization' | 'address';
    readonly roles?: readonly string[];
    readonly organization?: string;
    readonly address?: string;
  };
  /** Of the versions of this access class. */
  readonly access?: string;
  readonly rule: string;
  /** Access rules that narrow it now. */
  readonly narrowedBy?: readonly { readonly service: string; readonly version: number; readonly entries?: unknown }[];
}

/** Whether and how an asset changes hands. */
export interface Transfers {
  readonly transferable: boolean;
  /** Names of the rules that say so, and the same in words. */
  readonly rule: string;
  readonly reason: string;
  readonly path: readonly {
    readonly of: string;
    readonly from?: string;
    readonly to?: string;
    readonly at: number;
    readonly how: string;
  }[];
  readonly cut: boolean;
}

/** An asset's versions, who may do what with it, whether it changes hands, and who read it, oldest first. */
export interface Trace {
  readonly trace: {
    readonly asset: Schemas['Asset'];
    readonly versions: readonly { readonly version: number; readonly operation: FoundOperation }[];
    /** There are older versions: ask for those `before` this one. */
    readonly older?: { readonly place: number; readonly index: number };
    readonly rights: readonly UseRight[];
    readonly transfers: Transfers;
    readonly accesses: readonly { readonly time: number; readonly by?: string; readonly service: string }[];
    /** Whether there were more accesses that the caller may see. */
    readonly cut: boolean;
    readonly findings: readonly unknown[];
  };
  readonly graph: {
    readonly nodes: readonly { readonly id: string; readonly kind: string; readonly label: string }[];
    readonly edges: readonly { readonly from: string; readonly to: string; readonly relation: string }[];
  };
  /** The graph in Mermaid's notation. */
  readonly mermaid: string;
}
