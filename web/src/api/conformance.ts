/**
 * Holds the types that the apps use to those that are generated from the gateway's OpenAPI document: where one does not fit the
 * other, this file does not compile. Nothing of it exists at run time.
 *
 * The apps' types say more than the document can (that an address is `0x...`, that an outcome is one of six), so what
 * they send must be acceptable to the document, and what they read must exist in it.
 */
import type { components } from '@chancery/client/openapi';
import type * as T from './types';

type Schemas = components['schemas'];

/** What an app sends is what the document accepts. */
type Sends<Mine extends Theirs, Theirs> = Mine;

/** Every member that an app reads is one that the document promises. */
type Reads<Mine, Theirs> = Exclude<keyof Mine, keyof Theirs> extends never
  ? Mine
  : { missing: Exclude<keyof Mine, keyof Theirs> };
type Holds<Mine, Checked extends Mine> = Checked;

export type Conformance = [
  Sends<T.RegisterUser, Schemas['RegisterUser']>,
  Sends<T.IssueCertificate, Schemas['IssueCertificate']>,
  Sends<T.ChangeStatusRequest, Schemas['ChangeStatus']>,
  Sends<T.CheckCertificate, Schemas['CheckCertificate']>,
  Sends<T.RecordInspection, Schemas['RecordInspection']>,
  Sends<T.GiveConsent, Schemas['GiveConsent']>,
  Holds<T.HolderKinds, Reads<T.HolderKinds, Schemas['HolderKinds']>>,
  Holds<T.ShownKind, Reads<T.ShownKind, Schemas['ShownKind']>>,
  Holds<T.Chains, Reads<T.Chains, Schemas['Chains']>>,
  Holds<T.Chain, Reads<T.Chain, Schemas['Chain']>>,
  Holds<T.Health, Reads<T.Health, Schemas['Health']>>,
  Holds<T.Kind, Reads<T.Kind, Schemas['Kind']>>,
  Holds<T.SignedIn, Reads<T.SignedIn, Schemas['SignedIn']>>,
  Holds<T.Registered, Reads<T.Registered, Schemas['Registered']>>,
  Holds<T.User, Reads<T.User, Schemas['User']>>,
  Holds<T.Confirmed, Reads<T.Confirmed, Schemas['Confirmed']>>,
  Holds<T.PublicKey, Reads<T.PublicKey, Schemas['PublicKey']>>,
  Holds<T.Application, Reads<T.Application, Schemas['Application']>>,
  Holds<T.Issued, Reads<T.Issued, Schemas['Issued']>>,
  Holds<T.Certificate, Reads<T.Certificate, Schemas['Certificate']>>,
  Holds<T.SealedCertificate, Reads<T.SealedCertificate, Schemas['CertificateDocument']>>,
  Holds<T.Organization, Reads<T.Organization, Schemas['Organization']>>,
  Holds<T.Checked, Reads<T.Checked, Schemas['Checked']>>,
  Holds<T.Inspection, Reads<T.Inspection, Schemas['Inspection']>>,
  Holds<T.HistoryEvent, Reads<T.HistoryEvent, Schemas['Event']>>,
  Holds<T.Consensus, Reads<T.Consensus, Schemas['Consensus']>>,
  Holds<T.Peer, Reads<T.Peer, Schemas['Peer']>>,
  Holds<T.Anchor, Reads<T.Anchor, Schemas['Anchor']>>,
  Holds<T.ActivityReport, Reads<T.ActivityReport, Schemas['ActivityReport']>>,
  Holds<T.OpenData, Reads<T.OpenData, Schemas['OpenData']>>,
  Holds<T.DataAudit, Reads<T.DataAudit, Schemas['DataAudit']>>,
  Holds<T.Services, Reads<T.Services, Schemas['Services']>>,
  Holds<T.Service, Reads<T.Service, Schemas['Service']>>,
  Holds<T.Changed, Reads<T.Changed, Schemas['Changed']>>,
  Sends<T.Quota, Schemas['Quota']>,
  Holds<T.Quotas, Reads<T.Quotas, Schemas['Quotas']>>,
  Holds<T.Contract, Reads<T.Contract, Schemas['Contract']>>,
  Holds<T.Prices, Reads<T.Prices, Schemas['Prices']>>,
  Holds<T.PriceSetting, Reads<T.PriceSetting, Schemas['PriceSetting']>>,
  Holds<T.Bill, Reads<T.Bill, Schemas['Bill']>>,
  Holds<T.BillLine, Reads<T.BillLine, Schemas['BillLine']>>,
  Holds<T.Alliance, Reads<T.Alliance, Schemas['Alliance']>>,
  Holds<T.AllianceRequest, Reads<T.AllianceRequest, Schemas['AllianceRequest']>>,
  Holds<T.AllianceProposal, Reads<T.AllianceProposal, Schemas['AllianceProposal']>>,
  Holds<T.AllianceReport, Reads<T.AllianceReport, Schemas['AllianceReport']>>,
];
