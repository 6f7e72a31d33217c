import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Kind } from '../api/types';
import { useLanguage } from '../i18n/language';
import { FileText, GraduationCap, Heart, HeartPulse, House, Store } from './icons';

const KIND_ICONS: Record<string, LucideIcon> = {
  marriage: Heart,
  'real-estate': House,
  degree: GraduationCap,
  'business-licence': Store,
  'health-licence': HeartPulse,
};

export function KindIcon({ kind }: { kind: string }): ReactNode {
  const Icon = KIND_ICONS[kind] ?? FileText;
  return <Icon aria-hidden size={26} strokeWidth={1.6} />;
}

export function useKindTitle(kinds: Kind[]): (kind: string) => string {
  const { language } = useLanguage();
  return (kind) => kinds.find((one) => one.kind === kind)?.title[language] ?? kind;
}
