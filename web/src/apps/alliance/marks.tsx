/** Marks of steps and of requests: colour, icon and word together, none of which carries the meaning alone. */
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AllianceRequest, AllianceStatus, AllianceStep, AllianceStepName, AllianceStepState } from '../../api/types';
import { Ban, CircleCheck, CircleDashed, CircleHelp, CircleX, Clock } from '../../components/icons';
import { useLanguage } from '../../i18n/language';

/** In the order of the way. */
export const STEPS: AllianceStepName[] = ['endorse', 'sequence', 'reserve', 'decide', 'apply'];

const ICONS: Record<AllianceStepState, LucideIcon> = {
  ahead: CircleDashed,
  awaited: Clock,
  done: CircleCheck,
  failed: CircleX,
  omitted: Ban,
  unseen: CircleHelp,
};

const STATUS: Record<AllianceStatus, { icon: LucideIcon; badge: string }> = {
  sequenced: { icon: Clock, badge: 'suspended' },
  committed: { icon: CircleCheck, badge: 'valid' },
  aborted: { icon: Ban, badge: 'expired' },
  invalid: { icon: CircleX, badge: 'revoked' },
};

export function StepMark({ state, text }: { state: AllianceStepState; text?: string }): ReactNode {
  const { t } = useLanguage();
  const Icon = ICONS[state];
  return (
    <span className={`step-mark step-mark--${state}`} data-state={state}>
      <Icon aria-hidden size={18} />
      <span>
        {text}
        {text === undefined ? t(`alliance.state.${state}`) : <span className="visually-hidden">: {t(`alliance.state.${state}`)}</span>}
      </span>
    </span>
  );
}

export function StatusMark({ status }: { status: AllianceStatus }): ReactNode {
  const { t } = useLanguage();
  const { icon: Icon, badge } = STATUS[status];
  return (
    <span className={`badge badge--${badge}`}>
      <Icon aria-hidden size={15} />
      {t(`alliance.status.${status}`)}
    </span>
  );
}

export function stepOf(steps: AllianceStep[], name: AllianceStepName): AllianceStep | undefined {
  return steps.find((step) => step.name === name);
}

/** One state for a step of all parties: what has gone wrong counts more than who is awaited, that more than who comes later, and all that more than what is done. */
export function togetherAt(request: Pick<AllianceRequest, 'parties' | 'status'>, name: AllianceStepName): AllianceStepState {
  const states = request.parties.flatMap((party) => stepOf(party.steps, name)?.state ?? []);
  const order: AllianceStepState[] = ['failed', 'awaited', 'ahead', 'done', 'unseen', 'omitted'];
  const found = order.find((state) => states.includes(state));
  // Of an invalid request whose submission nobody could read, the parties are not known.
  return found ?? (request.status === 'invalid' ? 'omitted' : 'ahead');
}
